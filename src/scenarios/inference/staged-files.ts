import { mkdir, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { InputError, messageOf } from "../../core/errors.ts";
import { makeUnfinishedFolder } from "../../serving/unfinished-folder.ts";

/** Files that appear in a folder together, when all of them are written, or not at all. */
export interface StagedFiles {
  /** Writes a file where nobody looks yet. @throws {InputError} when it cannot be written. */
  write(name: string, data: Uint8Array | string): Promise<void>;
  /** Moves every file to its place, over older files. @returns their paths. @throws {InputError} */
  publish(): Promise<readonly string[]>;
  /** Removes what was not published, and the folder where it was made for it. Idempotent. */
  discard(): Promise<void>;
}

/**
 * Prepares a folder, making it where there is none; what a killed process left unfinished in it is removed.
 * @throws {InputError} when there cannot be such a folder.
 */
export async function stageFiles(folder: string): Promise<StagedFiles> {
  let made: string | undefined;
  let work: string;
  try {
    made = await mkdir(folder, { recursive: true });
    work = await makeUnfinishedFolder(folder);
  } catch (cause) {
    if (made !== undefined) await removeEmpty(folder, made);
    throw cannotWrite(folder, cause);
  }
  const names: string[] = [];
  let published = false;
  return {
    async write(name, data) {
      try {
        await writeFile(path.join(work, name), data);
      } catch (cause) {
        throw cannotWrite(path.join(folder, name), cause);
      }
      names.push(name);
    },
    async publish() {
      const paths = names.map((name) => path.join(folder, name));
      // Looked at before the first is moved: a folder of that name would stop the moves half way.
      for (const to of paths) {
        const inTheWay = await stat(to).catch(() => undefined);
        if (inTheWay?.isDirectory()) throw cannotWrite(to, "a folder has that name");
      }
      for (const [at, name] of names.entries()) {
        const to = paths[at] ?? folder;
        try {
          await rename(path.join(work, name), to);
        } catch (cause) {
          throw cannotWrite(to, cause);
        }
      }
      published = true;
      return paths;
    },
    async discard() {
      await rm(work, { recursive: true, force: true });
      if (!published && made !== undefined) await removeEmpty(folder, made);
    },
  };
}

function cannotWrite(where: string, cause: unknown): InputError {
  return new InputError(`${where}: cannot be written: ${messageOf(cause)}`, { cause });
}

/** From the folder up to the first one that had to be made; a folder with something in it stays. */
async function removeEmpty(folder: string, first: string): Promise<void> {
  const last = path.resolve(first);
  for (let at = path.resolve(folder); at.startsWith(last); at = path.dirname(at)) {
    try {
      await rmdir(at);
    } catch {
      return;
    }
  }
}
