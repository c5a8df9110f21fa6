import { randomInt } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { Command, Option } from "commander";
import { benchSchema } from "../config/bench-schema.ts";
import { resolveBench } from "../config/resolve-bench.ts";
import { validate } from "../config/validate.ts";
import { BenchError, ConfigError, messageOf } from "../core/errors.ts";
import { type Calibration, ERROR_BOUND_MS } from "../scenarios/calibration/calibration-result.ts";
import { machineKey, saveCalibration } from "../scenarios/calibration/calibration-store.ts";
import { runCalibration } from "../scenarios/calibration/run-calibration.ts";
import { readEnvironment } from "../scenarios/environment.ts";
import { formatCalibration } from "./calibration-table.ts";
import { listenForInterrupt } from "./interrupt.ts";

const EXAMPLES = `
Each case is a server with one queue whose work is known: the response time of every request is predicted by arithmetic (Lindley's
recursion on the schedule, the times that the server says it worked, and one constant for the way, from idle requests before) and
compared with what was measured. The error's p99 has to be at most ${ERROR_BOUND_MS} ms in every case. Takes a minute and a half for each transport;
let the machine do nothing else meanwhile. Reports written into the same folder carry the result; one that is kept in results (the
default) is carried by every report of a command that is called from here.
Exit codes: 0 every case is within the bound, 1 one is not, 2 something is wrong before the first request, 130 interrupted.

Examples:
  $ npm run calibrate
  $ npm run calibrate -- --transport grpc
  $ npm run calibrate -- --quick --json`;

/** The transports that cross a network. */
const DEFAULT_TRANSPORTS = "http,grpc,mqtt";

interface Settings {
  readonly transports: ReturnType<typeof resolveBench>["dimensions"]["transport"];
  readonly out: string;
  readonly seed: number;
  readonly quick: boolean;
  readonly json: boolean;
}

/** `calibrate`: proves the instrument against known truth on this machine. */
export function calibrateCommand(): Command {
  return new Command("calibrate")
    .description(
      "Hold what is measured against what arithmetic predicts, request by request, on this machine.",
    )
    .addOption(
      new Option("--transport <list>", `http, grpc, mqtt, http-relay, local (default ${DEFAULT_TRANSPORTS})`),
    )
    .addOption(new Option("--seed <n>", "of the Poisson schedules (default: a new one, printed)"))
    .addOption(new Option("--quick", "few requests: shows that it works, and is not kept"))
    .addOption(new Option("--out <dir>", "folder of results in which it is kept (default results)"))
    .addOption(new Option("--json", "print the calibration as one JSON object instead of tables"))
    .addHelpText("after", EXAMPLES)
    .action(async (options: Readonly<Record<string, unknown>>) => {
      process.exitCode = await calibrate(settingsOf(options));
    });
}

/** @throws {ConfigError} with every problem of the command line. */
function settingsOf(given: Readonly<Record<string, unknown>>): Settings {
  const text = (name: string): string | undefined => {
    const value = given[name];
    return typeof value === "string" ? value.trim() : undefined;
  };
  const seed = text("seed");
  const raw = {
    transport: (text("transport") ?? DEFAULT_TRANSPORTS).split(",").map((name) => name.trim()),
    ...(seed === undefined ? {} : { seed: /^\d+$/.test(seed) ? Number(seed) : seed }),
    ...(text("out") === undefined ? {} : { out: text("out") }),
  };
  const result = validate(benchSchema, raw, (path) => `--${String(path[0])}`);
  if (result.problems !== undefined) throw new ConfigError(result.problems);
  const { value } = result;
  return {
    transports: value.transport ?? [],
    out: resolve(value.out ?? "results"),
    seed: value.seed ?? randomInt(2 ** 32),
    quick: given["quick"] === true,
    json: given["json"] === true,
  };
}

async function calibrate({ transports, out, seed, quick, json }: Settings): Promise<number> {
  const interrupt = listenForInterrupt(() =>
    console.error("ending; a calibration that is broken off is not kept"),
  );
  if (!quick) {
    await mkdir(out, { recursive: true }).catch((error: unknown) => {
      throw new BenchError("ERR_USAGE", `--out ${out}: ${messageOf(error)}`, { cause: error });
    });
  }
  console.error(`seed ${seed} (the same schedules again: --seed ${seed})`);
  const calibration = await runCalibration({
    transports,
    quick,
    seed,
    machine: machineKey(readEnvironment()),
    signal: interrupt.signal,
    onProgress: (line) => console.error(line),
    specOf: (settings) =>
      resolveBench({
        file: {},
        fileFolder: ".",
        line: {
          ...settings,
          transport: [...settings.transport],
          model: [...settings.model],
          scenario: [...settings.scenario],
          ...(settings.rate === undefined ? { rate: undefined } : { rate: [...settings.rate] }),
          input: ["synthetic"],
          encoding: ["binary"],
          warmup: { kind: "fixed", durationMs: quick ? 300 : 3_000 },
          repetitions: 1,
          seed,
          out,
        },
      }),
  });
  const code = interrupt.exitCode();
  console.log(json ? JSON.stringify(calibration) : formatCalibration(calibration));
  if (code !== undefined) return code;
  await keep(calibration, out);
  return calibration.passed ? 0 : 1;
}

async function keep(calibration: Calibration, out: string): Promise<void> {
  if (calibration.quick) {
    console.error("not kept: a quick calibration proves nothing");
    return;
  }
  try {
    console.error(`kept in ${await saveCalibration(out, calibration)}: the reports of this machine carry it`);
  } catch (error) {
    throw new BenchError("ERR_USAGE", `--out ${out}: ${messageOf(error)}`, { cause: error });
  }
}
