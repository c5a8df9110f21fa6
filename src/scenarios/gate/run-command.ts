import { spawn } from "node:child_process";
import { BenchError, messageOf } from "../../core/errors.ts";

/** How a program ended. */
export interface CommandEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of what it wrote, both streams in the order in which they arrived; at most 64 KiB. */
  readonly output: string;
}

export interface CommandOptions {
  readonly cwd: string;
  readonly signal: AbortSignal;
  /** What an abort sends; a program that is still there 15 s later is killed. @default "SIGTERM" */
  readonly endWith?: NodeJS.Signals | undefined;
  /** Its standard output is wanted too. @default true */
  readonly withStdout?: boolean | undefined;
}

const KEPT = 64 * 1024;
const END_MS = 15_000;

/**
 * Runs a program to its end, in a process group of its own, so that a Ctrl-C of the terminal reaches it through the abort only.
 * @throws {BenchError} ERR_PROCESS when it cannot be started.
 */
export function runCommand(
  program: string,
  args: readonly string[],
  { cwd, signal, endWith = "SIGTERM", withStdout = true }: CommandOptions,
): Promise<CommandEnd> {
  if (signal.aborted) return Promise.reject(signal.reason);
  const child = spawn(program, args, {
    cwd,
    detached: true,
    stdio: ["ignore", withStdout ? "pipe" : "ignore", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-KEPT);
    });
  }
  const send = (name: NodeJS.Signals): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, name);
    } catch {
      // It has just ended by itself.
    }
  };
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    // Only to the program itself: a bench ends its own processes in their order.
    if (child.exitCode === null) child.kill(endWith);
    timer = setTimeout(() => send("SIGKILL"), END_MS);
  };
  signal.addEventListener("abort", stop, { once: true });
  // Its group is not the terminal's: who leaves at once takes it along.
  const leave = (): void => send("SIGKILL");
  process.once("exit", leave);
  return new Promise<CommandEnd>((resolve, reject) => {
    child.on("error", (error) => {
      reject(new BenchError("ERR_PROCESS", `cannot start ${program}: ${messageOf(error)}`, { cause: error }));
    });
    child.on("close", (code, name) => resolve({ code, signal: name, output }));
  }).finally(() => {
    clearTimeout(timer);
    process.off("exit", leave);
    signal.removeEventListener("abort", stop);
  });
}

/** The last lines that say something, for an error message. */
export function lastLines(output: string, count: number): string {
  const lines = output.split("\n").map((line) => line.trimEnd());
  return lines
    .filter((line) => line !== "" && !/^npm (notice|warn)/i.test(line))
    .slice(-count)
    .join("\n");
}
