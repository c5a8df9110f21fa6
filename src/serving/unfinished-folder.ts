import { mkdtemp, readdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import path from "node:path";

/** Begins the names of folders that are still being written; listings pass over names that begin with a dot. */
const UNFINISHED = ".wirebench-";

/**
 * Makes a hidden folder in `parent`, in which this process writes what is to appear there in one step, and removes those that
 * processes of this host left behind when they were killed. The caller removes it in the end.
 *
 * @param parent - exists. May be shared with other hosts or containers, whose folders stay: their processes are not seen here.
 * @returns its path.
 * @throws what the file system throws.
 */
export async function makeUnfinishedFolder(parent: string): Promise<string> {
  const ours = `${UNFINISHED}${hostname().replaceAll(/[^\w.]/g, "_")}-`;
  for (const name of await readdir(parent)) {
    const pid = name.startsWith(ours) ? /^(\d+)-/.exec(name.slice(ours.length))?.[1] : undefined;
    if (pid !== undefined && !isAlive(Number(pid))) {
      await rm(path.join(parent, name), { recursive: true, force: true });
    }
  }
  return mkdtemp(path.join(parent, `${ours}${process.pid}-`));
}

/** Whether a process lives; one of another user counts as living. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
