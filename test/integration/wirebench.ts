import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MAIN = join(ROOT, "dist/cli/main.js");

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it has written to its standard output so far. */
  stdout(): string;
  /** Resolves when the text has been written to either stream. */
  wrote(text: string): Promise<void>;
}

/** Without the run more for each cell that counts frames, which takes seconds and has tests of its own. */
const QUICKER = ["--wire-bytes", "payload"];

/** Starts the built command line, as `npx wirebench` does. */
export function start(args: readonly string[], cwd = ROOT, env = process.env): Running {
  const more = args[0] === "bench" && !args.includes("--wire-bytes") ? QUICKER : [];
  const child = spawn(process.execPath, [MAIN, ...args, ...more], {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  const waiting: { text: string; resolve(): void }[] = [];
  const look = (): void => {
    for (const { text, resolve } of waiting) if ((stdout + stderr).includes(text)) resolve();
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    look();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    look();
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
  const wrote = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      waiting.push({ text, resolve });
      look();
      void ended.then(() => reject(new Error(`ended without writing '${text}':\n${stdout}${stderr}`)));
    });
  return { child, ended, wrote, stdout: () => stdout };
}

/** Runs the built command line to its end. */
export function run(args: readonly string[], cwd = ROOT, env = process.env): Promise<Ended> {
  return start(args, cwd, env).ended;
}

/** The results folder that a bench named: its last line. */
export function folderOf({ stdout }: Ended): string {
  return stdout.trimEnd().split("\n").at(-1) ?? "";
}

/** A temporary folder, removed by `remove`. */
export async function temporaryFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "wirebench-test-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** The rows of a CSV without quoted line breaks, by column. */
export function readCsv(path: string): readonly Readonly<Record<string, string>>[] {
  const [head = "", ...lines] = readFileSync(path, "utf8").trim().split("\n");
  const columns = splitLine(head);
  return lines.map((line) => {
    const values = splitLine(line);
    return Object.fromEntries(columns.map((column, i) => [column, values[i] ?? ""]));
  });
}

function splitLine(line: string): readonly string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "",
  );
}

/** Process ids of the children that a bench or serve has started. */
export function childrenOf(
  pid: number | undefined,
): readonly { readonly pid: number; readonly entry: string }[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const parent = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${name}/status`, "utf8"))?.[1];
        if (Number(parent) !== pid) return [];
        const words = readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0");
        return [{ pid: Number(name), entry: words.find(isEntry) ?? "" }];
      } catch {
        return [];
      }
    });
}

/** Options before it may name files, too. */
function isEntry(word: string): boolean {
  return word.endsWith(".js") && !word.startsWith("-");
}

/** Whether a process is still there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
