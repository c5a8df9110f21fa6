import { spawn } from "node:child_process";

/** How a tool ended. */
export interface ToolResult {
  /** `undefined` when it could not be started, or was ended by a signal. */
  readonly exitCode: number | undefined;
  /** The last of what it wrote, both streams. */
  readonly output: string;
}

export interface ToolOptions {
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Told each line as it is written. */
  readonly onLine?: ((line: string) => void) | undefined;
  /** Ends the tool. */
  readonly signal?: AbortSignal | undefined;
}

const KEPT_CHARACTERS = 16_384;

/** Runs a program to its end, however long that takes. Never rejects. */
export function runTool(
  command: string,
  args: readonly string[],
  { env = process.env, onLine, signal }: ToolOptions = {},
): Promise<ToolResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    const stop = (): void => void child.kill();
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted === true) stop();
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      let rest = "";
      stream.setEncoding("utf8").on("data", (text: string) => {
        output = (output + text).slice(-KEPT_CHARACTERS);
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) onLine?.(line);
      });
    }
    const end = (exitCode: number | undefined): void => {
      signal?.removeEventListener("abort", stop);
      resolve({ exitCode, output });
    };
    child.once("error", () => end(undefined));
    child.once("close", (code) => end(code ?? undefined));
  });
}
