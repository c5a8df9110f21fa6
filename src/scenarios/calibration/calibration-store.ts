import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Environment } from "../environment.ts";
import type { Calibration } from "./calibration-result.ts";

/** Beside the results of benches: one file for all machines that use the folder. */
export const CALIBRATION_FILE = "calibration.json";
const SCHEMA_VERSION = 1;

interface Stored {
  readonly schemaVersion: typeof SCHEMA_VERSION;
  /** The last calibration of each machine. */
  readonly machines: Readonly<Record<string, Calibration>>;
}

/** What a calibration is true for: another processor, kernel or Node needs a new one, a restart does not. */
export function machineKey({ hostname, cpuModel, cpus, kernel, node }: Environment): string {
  return [hostname, cpuModel, `${cpus} processors`, kernel, node].join(" | ");
}

/**
 * The last calibration of this machine, in the folder of the results or where `calibrate` keeps it unless told otherwise: a
 * machine is calibrated once, wherever its results go.
 * @param folder - of the results.
 * @param defaultFolder - relative to the working directory. @default "results"
 * @returns `undefined` when there is none, or the files cannot be read as such.
 */
export async function lastCalibration(
  folder: string,
  environment: Environment,
  defaultFolder = "results",
): Promise<Calibration | undefined> {
  const stored = await Promise.all([folder, defaultFolder].map(readStored));
  const [own, other] = stored.map(({ machines }) => machines[machineKey(environment)]);
  return own === undefined || (other !== undefined && other.ranAt > own.ranAt) ? other : own;
}

/**
 * Keeps a calibration, in place of the machine's last one and beside those of other machines.
 * @returns the file's path.
 * @throws what the file system throws.
 */
export async function saveCalibration(folder: string, calibration: Calibration): Promise<string> {
  const path = join(folder, CALIBRATION_FILE);
  await mkdir(folder, { recursive: true });
  const { machines } = await readStored(folder);
  const stored: Stored = {
    schemaVersion: SCHEMA_VERSION,
    machines: { ...machines, [calibration.machine]: calibration },
  };
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, `${JSON.stringify(stored, undefined, 1)}\n`);
  await rename(temporary, path);
  return path;
}

async function readStored(folder: string): Promise<Stored> {
  const none: Stored = { schemaVersion: SCHEMA_VERSION, machines: {} };
  try {
    const parsed: unknown = JSON.parse(await readFile(join(folder, CALIBRATION_FILE), "utf8"));
    return isStored(parsed) ? parsed : none;
  } catch {
    return none;
  }
}

function isStored(value: unknown): value is Stored {
  return (
    typeof value === "object" &&
    value !== null &&
    "schemaVersion" in value &&
    value.schemaVersion === SCHEMA_VERSION &&
    "machines" in value &&
    typeof value.machines === "object" &&
    value.machines !== null
  );
}
