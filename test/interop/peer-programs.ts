import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import net from "node:net";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** Where `install.sh` puts the peers. */
export const CACHE = resolve(process.env["WIREBENCH_CACHE"] ?? join(homedir(), ".cache/wirebench-interop"));

/** The programs of the cache and the small scripts of `peers/`. */
export const PROGRAMS = {
  perfAnalyzer: join(CACHE, "clients/bin/perf_analyzer"),
  clientsPython: join(CACHE, "clients/bin/python"),
  triton: join(CACHE, "triton/tritonserver"),
  ghz: join(CACHE, "ghz/ghz"),
  mlserver: join(CACHE, "mlserver/bin/mlserver"),
  kservePython: join(CACHE, "kserve/bin/python"),
} as const;

/** A file of `peers/`. */
export function script(name: string): string {
  return new URL(`peers/${name}`, import.meta.url).pathname;
}

export interface Output {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Written to its standard input. */
  readonly input?: string | Uint8Array;
  /** @default 60_000 */
  readonly timeoutMs?: number;
}

/** Runs a peer to its end. @throws when it is not there; a run that takes too long is killed and has no code. */
export async function runProgram(
  file: string,
  args: readonly string[],
  { cwd, env, input, timeoutMs = 60_000 }: RunOptions = {},
): Promise<Output & { readonly bytes: Buffer }> {
  checkThere(file);
  const child = spawn(file, args, { cwd, env: environmentOf(file, env), stdio: "pipe", timeout: timeoutMs });
  const out: Buffer[] = [];
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number | null];
  const bytes = Buffer.concat(out);
  return { code, stdout: bytes.toString(), stderr, bytes };
}

/** The same, of a run that must succeed. @throws with what it wrote. */
export async function runWell(file: string, args: readonly string[], options?: RunOptions): Promise<Output> {
  const output = await runProgram(file, args, options);
  if (output.code === 0) return output;
  throw new Error(
    `${file} ${args.join(" ")}\nended with ${output.code}:\n${output.stdout}\n${output.stderr}`,
  );
}

/** A peer that serves. */
export interface PeerServer {
  stop(): Promise<void>;
}

/**
 * Starts a peer and waits until it is ready.
 *
 * @param isReady - asked every 200 ms.
 * @throws with what it wrote, when it ends before or is not ready within a minute.
 */
export async function startPeer(
  file: string,
  args: readonly string[],
  isReady: () => Promise<boolean>,
  { cwd, env }: Pick<RunOptions, "cwd" | "env"> = {},
): Promise<PeerServer> {
  checkThere(file);
  // A group of its own: some peers start processes that outlive them.
  const child = spawn(file, args, {
    cwd,
    env: environmentOf(file, env),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let written = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      written = (written + text).slice(-8_000);
    });
  }
  const stop = () => stopGroup(child);
  for (let attempt = 0; attempt < 300; attempt++) {
    if (child.exitCode !== null) throw new Error(`${file} ended with ${child.exitCode}:\n${written}`);
    if (await isReady().catch(() => false)) return { stop };
    await new Promise((wait) => setTimeout(wait, 200));
  }
  await stop();
  throw new Error(`${file} is not ready:\n${written}`);
}

/** Whether a URL answers 200. */
export async function answersOk(url: string): Promise<boolean> {
  return (await fetch(url)).ok;
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

async function stopGroup(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, "exit");
  const group = -child.pid;
  process.kill(group, "SIGTERM");
  const timer = setTimeout(() => process.kill(group, "SIGKILL"), 5_000);
  await exited;
  clearTimeout(timer);
}

/** A peer that is missing fails its tests: `install.sh` would have ended with an error. */
function checkThere(file: string): void {
  if (file.startsWith("/") && !existsSync(file)) {
    throw new Error(`${file} is missing: run test/interop/install.sh`);
  }
}

/** perf_analyzer links the CUDA runtime, which lies beside it. */
function environmentOf(file: string, env: NodeJS.ProcessEnv | undefined): NodeJS.ProcessEnv {
  const all = { ...process.env, ...env };
  if (file !== PROGRAMS.perfAnalyzer) return all;
  const library = "lib/python3.11/site-packages/nvidia/cuda_runtime/lib";
  return { ...all, LD_LIBRARY_PATH: join(CACHE, "clients", library) };
}
