import { spawn } from "node:child_process";
import { once } from "node:events";

/** One of Mosquitto's command-line clients, at work. */
export interface ClientProgram {
  /** What it has printed when it ended, and its exit code. */
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: Buffer; readonly stderr: string }>;
  /** Resolves when the broker has granted its subscriptions; for `mosquitto_sub` with `-d` only. */
  readonly subscribed: Promise<void>;
  kill(): void;
}

/** Starts `mosquitto_pub`, `mosquitto_sub` or `mosquitto_rr` towards a broker on 127.0.0.1. */
export function startProgram(
  name: "mosquitto_pub" | "mosquitto_sub" | "mosquitto_rr",
  port: number,
  args: readonly string[],
  stdin?: Uint8Array,
): ClientProgram {
  const child = spawn(name, ["-h", "127.0.0.1", "-p", String(port), ...args], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.on("error", () => {});
  child.stdin.end(stdin);
  const chunks: Buffer[] = [];
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = once(child, "close").then(([code]) => ({
    code: code as number | null,
    stdout: Buffer.concat(chunks),
    stderr,
  }));
  const subscribed = new Promise<void>((resolve) => {
    child.stdout.on("data", () => {
      if (Buffer.concat(chunks).includes("SUBACK")) resolve();
    });
  });
  return { ended, subscribed, kill: () => child.kill("SIGKILL") };
}

/** Runs one of them to its end. @throws when it fails. */
export async function runProgram(...of: Parameters<typeof startProgram>): Promise<Buffer> {
  const { code, stdout, stderr } = await startProgram(...of).ended;
  if (code !== 0) throw new Error(`${of[0]} ended with ${code}: ${stderr}${stdout.toString()}`);
  return stdout;
}
