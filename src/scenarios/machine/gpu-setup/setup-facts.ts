import { existsSync, readdirSync, readFileSync, statfsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { BenchError } from "../../../core/errors.ts";
import { readEnvironment } from "../../environment.ts";
import { GPU_FOLDER, type GpuLibraries, readGpuLibraries } from "../gpu-libraries.ts";
import { thisMachine } from "../machine.ts";

/** What decides how a GPU is set up. Plain data. */
export interface SetupFacts {
  /** `linux/x64` */
  readonly platform: string;
  /** Of onnxruntime-node: the CUDA provider must be of exactly this version. */
  readonly runtimeVersion: string;
  /** Where onnxruntime-node's own libraries are, and the provider must be. */
  readonly runtimeFolder: string;
  /** Name of the NVIDIA GPU; empty without one. */
  readonly gpu: string;
  /** e.g. `580.65.06`; empty without one. */
  readonly driver: string;
  /** Whether `python3 -m pip` works. */
  readonly pip: boolean;
  /** Of the file system that the libraries would be on. */
  readonly freeBytes: number;
  /** By an earlier run. */
  readonly installed: GpuLibraries | undefined;
}

/**
 * Looks at this machine.
 * @param folder - where the libraries would be put.
 * @throws {BenchError} ERR_DEVICE when onnxruntime-node is not there.
 */
export async function readSetupFacts(folder: string): Promise<SetupFacts> {
  const { gpu, gpuDriver } = readEnvironment();
  const pip = await thisMachine(folder).run("python3", ["-m", "pip", "--version"]);
  return {
    platform: `${process.platform}/${process.arch}`,
    ...readRuntime(),
    gpu,
    driver: gpuDriver,
    pip: pip.exitCode === 0,
    freeBytes: freeBytes(folder),
    installed: installedIn(folder),
  };
}

/** What is still there of an earlier run, in the folder that the user wants. */
function installedIn(folder: string): GpuLibraries | undefined {
  const installed = readGpuLibraries();
  if (installed === undefined || !existsSync(installed.providerFolder)) return undefined;
  const wanted = folder === GPU_FOLDER || installed.providerFolder.startsWith(folder + path.sep);
  return wanted ? installed : undefined;
}

function readRuntime(): Pick<SetupFacts, "runtimeVersion" | "runtimeFolder"> {
  try {
    const manifest = createRequire(import.meta.url).resolve("onnxruntime-node/package.json");
    const bin = path.join(path.dirname(manifest), "bin");
    const binding = readdirSync(bin).find((name) => name.startsWith("napi-v")) ?? "";
    const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { readonly version: string };
    const runtimeFolder = path.join(bin, binding, process.platform, process.arch);
    return { runtimeVersion: version, runtimeFolder };
  } catch (cause) {
    throw new BenchError("ERR_DEVICE", "onnxruntime-node is not installed: run npm ci first", { cause });
  }
}

/** The folder may not be there yet: then of the nearest one above it. */
function freeBytes(folder: string): number {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    try {
      const { bsize, bavail } = statfsSync(at);
      return bsize * bavail;
    } catch (cause) {
      if (at === path.dirname(at)) throw cause;
    }
  }
}
