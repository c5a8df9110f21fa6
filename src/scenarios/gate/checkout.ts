import { execFileSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { lstat, mkdtemp, readFile, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BenchError } from "../../core/errors.ts";
import { lastLines, runCommand } from "./run-command.ts";

/** A commit, checked out and built in a temporary folder. */
export interface Checkout {
  readonly path: string;
}

export interface CheckoutOptions {
  /** The git checkout that has the commit; its `node_modules` are used where the lockfile is the same. */
  readonly root: string;
  readonly commit: string;
  readonly signal: AbortSignal;
  /** A line about what takes time. */
  onProgress(line: string): void;
}

const PREFIX = "wirebench-gate-";
/** Lines of a failed build that are shown. */
const SHOWN_LINES = 12;

/** The temporary folders of one gate: made on the first checkout, removed whatever happens. */
export class Checkouts {
  readonly #root: string;
  readonly #folders: string[] = [];

  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Checks a commit out beside the working tree (a git worktree) and builds it.
   * @throws {BenchError} ERR_USAGE with the last lines when it cannot be checked out, installed or built.
   */
  async add({ root, commit, signal, onProgress }: CheckoutOptions): Promise<Checkout> {
    removeStale(root);
    const folder = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
    this.#folders.push(folder);
    const path = join(folder, "checkout");
    const short = commit.slice(0, 12);
    const step = async (
      what: string,
      program: string,
      args: readonly string[],
      cwd: string,
    ): Promise<void> => {
      const { code, output } = await runCommand(program, args, { cwd, signal });
      if (signal.aborted) throw signal.reason;
      if (code !== 0) {
        throw new BuildFailure(
          `${short} ${what}: ${program} ${args.join(" ")} ended with code ${code}`,
          output,
        );
      }
    };
    onProgress(`checking out ${short}`);
    await step(
      "cannot be checked out",
      "git",
      ["-C", root, "worktree", "add", "--detach", path, commit],
      root,
    );
    if (await sameLockfile(root, path)) {
      onProgress(`${short}: the same lockfile, so the node_modules of this checkout`);
      await symlink(join(root, "node_modules"), join(path, "node_modules"), "dir");
    } else {
      onProgress(`${short}: another lockfile, npm ci`);
      await step("does not install", "npm", ["ci", "--no-audit", "--no-fund"], path);
    }
    onProgress(`building ${short}`);
    await step("does not build", "npm", ["run", "build"], path);
    return { path };
  }

  /** Removes every checkout. Idempotent, and synchronous so that it also works while the process exits. Never throws. */
  remove(): void {
    for (const folder of this.#folders.splice(0)) removeFolder(folder);
    prune(this.#root);
  }
}

/** A base or head that cannot be built, with the last lines of the program that failed. */
export class BuildFailure extends BenchError {
  /** What the program wrote last, several lines. */
  readonly lines: string;

  constructor(message: string, output: string) {
    super("ERR_USAGE", message);
    this.lines = lastLines(output, SHOWN_LINES);
  }
}

async function sameLockfile(root: string, path: string): Promise<boolean> {
  const read = (folder: string): Promise<string> =>
    readFile(join(folder, "package-lock.json"), "utf8").catch(() => "");
  const installed = await lstat(join(root, "node_modules")).catch(() => undefined);
  const [ours, theirs] = await Promise.all([read(root), read(path)]);
  return installed !== undefined && ours !== "" && ours === theirs;
}

/** Folders of gates that were killed before they could remove them. */
function removeStale(root: string): void {
  const stale = readdirSync(tmpdir()).filter((name) => {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    return pid !== undefined && !isAlive(Number(pid));
  });
  for (const name of stale) removeFolder(join(tmpdir(), name));
  if (stale.length > 0) prune(root);
}

function removeFolder(folder: string): void {
  try {
    // First: nothing may walk through the link into the real modules.
    rmSync(join(folder, "checkout", "node_modules"), { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    // Another user's, or busy: a temporary folder that stays does no harm.
  }
}

/** Lets git forget worktrees whose folders are gone. */
function prune(root: string): void {
  try {
    execFileSync("git", ["-C", root, "worktree", "prune"], { stdio: "ignore", timeout: 10_000 });
  } catch {
    // Not a git checkout: then there was no worktree either.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
