import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { BenchError } from "../../core/errors.ts";
import { withoutCredentials } from "../../core/without-credentials.ts";
import { runCommand } from "./run-command.ts";

/** Where a side's program comes from. */
export type SideSource =
  | { readonly kind: "url"; readonly name: string; readonly url: string }
  /** A checkout that is built already. */
  | { readonly kind: "folder"; readonly name: string; readonly path: string }
  | { readonly kind: "ref"; readonly name: string; readonly commit: string };

/** The entry of a built checkout's command line. */
export const CLI_ENTRY = join("dist", "cli", "main.js");

export interface FindSideOptions {
  /** The git checkout whose refs are meant. */
  readonly root: string;
  readonly cwd: string;
  readonly signal: AbortSignal;
}

/**
 * What a side's text means: a URL, else a folder with a built checkout, else a ref of the git repository.
 * @throws {BenchError} ERR_USAGE when it is none of them.
 */
export async function findSide(text: string, { root, cwd, signal }: FindSideOptions): Promise<SideSource> {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    if (
      !/^(http|grpc|grpc\+stream|mqtt|tfs\+http|tfs\+grpc|kserve-v1\+http):\/\//i.test(text) ||
      !URL.canParse(text)
    ) {
      throw new BenchError(
        "ERR_USAGE",
        `${withoutCredentials(text)}: expected a URL beginning with http://, grpc:// or mqtt://, or one of those of 'bench --help'`,
      );
    }
    return { kind: "url", name: withoutCredentials(text), url: text };
  }
  const path = resolve(cwd, text);
  if (await isFile(join(path, CLI_ENTRY))) return { kind: "folder", name: text, path };
  const commit = await commitOf(text, root, signal);
  if (commit !== undefined) return { kind: "ref", name: text, commit };
  const isCheckout = await isFile(join(path, "package.json"));
  throw new BenchError(
    "ERR_USAGE",
    isCheckout
      ? `${text}: this checkout is not built: run npm ci and npm run build there`
      : `${text}: expected a git ref of ${root}, a folder with a built checkout, or a URL`,
  );
}

async function commitOf(ref: string, root: string, signal: AbortSignal): Promise<string | undefined> {
  // A text that begins with a dash would be an option of git.
  if (ref === "" || ref.startsWith("-")) return undefined;
  const args = ["-C", root, "rev-parse", "--verify", "--quiet", `${ref}^{commit}`];
  const { code, output } = await runCommand("git", args, { cwd: root, signal });
  const commit = output.trim();
  return code === 0 && /^[0-9a-f]{40,64}$/.test(commit) ? commit : undefined;
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}
