import { execFile } from "node:child_process";
import { accessSync, constants, readdirSync, readFileSync, statfsSync } from "node:fs";
import net from "node:net";
import { loadavg } from "node:os";
import path from "node:path";
import { type ProviderTrial, tryProvider } from "./try-provider.ts";

/** How a command ended. */
export interface CommandResult {
  /** `undefined` when it could not be started, or was killed for taking too long. */
  readonly exitCode: number | undefined;
  /** Standard output, then standard error. */
  readonly output: string;
}

/** What the probes may ask a machine. Tests answer in its place; nothing here changes anything. */
export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder that the default input, models and results are relative to. */
  readonly folder: string;
  /** `major.minor.patch` of Node, without `v`. */
  readonly nodeVersion: string;
  /** Version of glibc; `undefined` with another C library. */
  readonly glibcVersion: string | undefined;
  /** Mean number of running tasks over the last minute. */
  readonly load1: number;
  /** Trimmed; `undefined` when there is none. */
  readText(file: string): string | undefined;
  /** Names in a folder; empty when there is none. */
  list(folder: string): readonly string[];
  canWrite(folder: string): boolean;
  /** Size of the file system that holds a path, bytes. */
  fileSystem(at: string): { readonly sizeBytes: number; readonly freeBytes: number } | undefined;
  run(command: string, args: readonly string[]): Promise<CommandResult>;
  /** Whether 127.0.0.1 takes a listener on a port (0: any): the code of the error otherwise. */
  listenError(port: number): Promise<string | undefined>;
  /** Runs a tiny model on one of ONNX Runtime's execution providers, in a process of its own. */
  tryProvider(provider: string): Promise<ProviderTrial>;
}

const COMMAND_TIMEOUT_MS = 5_000;

/** The machine that this process runs on. */
export function thisMachine(folder: string): Machine {
  return {
    env: process.env,
    folder,
    nodeVersion: process.versions.node,
    glibcVersion: glibcVersion(),
    load1: loadavg()[0] ?? 0,
    readText: (file) => attempt(() => readFileSync(file, "utf8").trim()),
    list: (at) => attempt(() => readdirSync(at)) ?? [],
    canWrite: (at) => attempt(() => accessSync(at, constants.W_OK | constants.X_OK) ?? true) ?? false,
    fileSystem: (at) =>
      attempt(() => {
        const { bsize, blocks, bavail } = statfsSync(at);
        return { sizeBytes: bsize * blocks, freeBytes: bsize * bavail };
      }),
    run,
    listenError,
    tryProvider,
  };
}

/** The path of a program: in `PATH`, or where system programs are that a user's `PATH` leaves out. */
export function findProgram(machine: Machine, name: string): string | undefined {
  const folders = [
    ...(machine.env["PATH"] ?? "").split(path.delimiter),
    "/usr/local/sbin",
    "/usr/sbin",
    "/sbin",
  ];
  const holder = folders.find((folder) => folder !== "" && machine.list(folder).includes(name));
  return holder === undefined ? undefined : path.join(holder, name);
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function glibcVersion(): string | undefined {
  const report: unknown = process.report.getReport();
  if (typeof report !== "object" || report === null || !("header" in report)) return undefined;
  const { header } = report;
  if (typeof header !== "object" || header === null || !("glibcVersionRuntime" in header)) return undefined;
  return typeof header.glibcVersionRuntime === "string" ? header.glibcVersionRuntime : undefined;
}

function run(command: string, args: readonly string[]): Promise<CommandResult> {
  return new Promise((resolve) => {
    execFile(command, [...args], { timeout: COMMAND_TIMEOUT_MS }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      resolve({ exitCode: typeof code === "number" ? code : undefined, output: `${stdout}${stderr}`.trim() });
    });
  });
}

function listenError(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ port, host: "127.0.0.1" }, () => server.close(() => resolve(undefined)));
  });
}
