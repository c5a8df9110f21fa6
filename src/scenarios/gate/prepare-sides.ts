import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BenchError } from "../../core/errors.ts";
import { withoutCredentials } from "../../core/without-credentials.ts";
import type { Checkouts } from "./checkout.ts";
import { lastLines, runCommand } from "./run-command.ts";
import type { GateSide } from "./run-gate.ts";
import { CLI_ENTRY, findSide, type SideSource } from "./side-source.ts";

/** A side that can run, in words for the reader. */
export interface PreparedSide extends GateSide {
  /** As the user named it. */
  readonly name: string;
  readonly description: string;
}

export interface PreparedSides {
  readonly base: PreparedSide;
  readonly head: PreparedSide;
  readonly notes: readonly string[];
}

export interface PrepareSidesOptions {
  /** The checkout that this program belongs to. */
  readonly root: string;
  readonly cwd: string;
  readonly checkouts: Checkouts;
  readonly signal: AbortSignal;
  onProgress(line: string): void;
}

/**
 * Finds, checks out and builds both sides.
 *
 * @param names - of the sides; without a head it is the checkout that this program belongs to.
 * @throws {BenchError} ERR_USAGE for what cannot be found, built or compared.
 */
export async function prepareSides(
  names: { readonly base: string; readonly head?: string | undefined },
  options: PrepareSidesOptions,
): Promise<PreparedSides> {
  const base = await findSide(names.base, options);
  const head: SideSource =
    names.head === undefined
      ? { kind: "folder", name: "this checkout", path: options.root }
      : await findSide(names.head, options);
  if ((base.kind === "url") !== (head.kind === "url")) {
    throw new BenchError(
      "ERR_USAGE",
      "a running server can be compared with a running server only: name URLs for --base and --head, or for neither",
    );
  }
  if (base.kind === "url" && head.kind === "url") refuseUnlike(base.url, head.url);
  return {
    base: await prepare(base, options),
    head: await prepare(head, options),
    notes:
      base.kind === "url"
        ? [
            "Two running servers: this compares these two processes only. Another start of the same program may be faster or slower by itself; a git ref or a folder gets new processes for every run.",
          ]
        : [],
  };
}

/** @throws {BenchError} ERR_USAGE for the same server twice, and for two transports. */
function refuseUnlike(base: string, head: string): void {
  if (base === head)
    throw new BenchError("ERR_USAGE", `${withoutCredentials(base)}: base and head are the same server`);
  const [before, after] = [new URL(base).protocol, new URL(head).protocol];
  if (before !== after) {
    throw new BenchError(
      "ERR_USAGE",
      `base is ${before}// and head ${after}//: name two URLs of one transport`,
    );
  }
}

async function prepare(source: SideSource, options: PrepareSidesOptions): Promise<PreparedSide> {
  const { name } = source;
  switch (source.kind) {
    case "url":
      return {
        name,
        cli: join(options.root, CLI_ENTRY),
        args: ["--url", source.url],
        description: "a running server, one process for all runs",
      };
    case "folder":
      return {
        name,
        cli: join(source.path, CLI_ENTRY),
        args: [],
        description: await describeFolder(source.path, options),
      };
    case "ref": {
      const { path } = await options.checkouts.add({ ...options, commit: source.commit });
      return {
        name,
        cli: join(path, CLI_ENTRY),
        args: [],
        description: await describeFolder(path, options),
      };
    }
  }
}

/** Version, commit with its title, and whether there are changes beside it. */
async function describeFolder(path: string, { signal }: PrepareSidesOptions): Promise<string> {
  const parsed: unknown = JSON.parse(await readFile(join(path, "package.json"), "utf8").catch(() => "{}"));
  const version =
    typeof parsed === "object" && parsed !== null && "version" in parsed ? String(parsed.version) : "?";
  const git = async (...args: readonly string[]): Promise<string> => {
    const { code, output } = await runCommand("git", ["-C", path, ...args], { cwd: path, signal });
    return code === 0 ? lastLines(output, 1).trim() : "";
  };
  const commit = await git("log", "-1", "--format=%h %s");
  const dirty = (await git("status", "--porcelain", "--untracked-files=no")) !== "";
  return `wirebench ${version}${commit === "" ? ` in ${path}` : `, commit ${commit}`}${dirty ? ", with changes" : ""}`;
}
