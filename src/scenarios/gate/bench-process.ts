import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { BenchError } from "../../core/errors.ts";
import { lastLines, runCommand } from "./run-command.ts";

/** One whole run of a bench by the command line of one side. */
export interface BenchProcessOptions {
  /** `base` or `head`, for messages. */
  readonly side: string;
  /** The side's built `main.js`. */
  readonly cli: string;
  /** Of `bench`, without `--out`. */
  readonly args: readonly string[];
  /** The bench's folder is made inside it. */
  readonly out: string;
  readonly cwd: string;
  readonly signal: AbortSignal;
}

/**
 * Runs `bench` in a fresh process and waits for its end.
 *
 * @returns the bench's results folder.
 * @throws {BenchError} ERR_USAGE with its words when it refuses its options or its input, ERR_PROCESS when it ended without a report.
 */
export async function runBenchProcess(options: BenchProcessOptions): Promise<string> {
  const { side, cli, args, out, cwd, signal } = options;
  const end = await runCommand(process.execPath, [cli, "bench", ...args, "--out", out], {
    cwd,
    signal,
    endWith: "SIGINT",
    withStdout: false,
  });
  if (signal.aborted) throw signal.reason;
  const said = end.output.split("\n").filter((line) => line.startsWith("wirebench: "));
  const words = said.map((line) => line.slice("wirebench: ".length)).join("; ");
  if (end.code === 2) {
    throw new BenchError(
      "ERR_USAGE",
      `the ${side} cannot run this bench: ${words || lastLines(end.output, 1)}`,
    );
  }
  const folder = end.code === 0 || end.code === 1 ? await resultsIn(out) : undefined;
  if (folder !== undefined) return folder;
  const how = end.signal === null ? `ended with code ${end.code}` : `was killed (${end.signal})`;
  throw new BenchError("ERR_PROCESS", `the ${side}'s bench ${how}: ${words || lastLines(end.output, 1)}`);
}

/** The one folder with a report; `undefined`: there is none. */
async function resultsIn(out: string): Promise<string | undefined> {
  for (const name of await readdir(out).catch(() => [])) {
    const report = await stat(join(out, name, "report.json")).catch(() => undefined);
    if (report?.isFile() === true) return join(out, name);
  }
  return undefined;
}
