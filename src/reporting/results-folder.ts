import { mkdir } from "node:fs/promises";
import { join } from "node:path";

/**
 * `<UTC time>-<name>`, e.g. `20260314T091500Z-street`: sorts by time and is a valid name on every system.
 * @param name - anything; what a file name should not have becomes `-`.
 */
export function resultsFolderName(startedAt: Date, name: string): string {
  const time = startedAt.toISOString().replace(/\.\d+/, "").replaceAll(/[-:]/g, "");
  const safe = name.replaceAll(/[^\p{L}\p{N}._-]+/gu, "-").replaceAll(/^[-.]+|[-.]+$/g, "");
  return `${time}-${safe === "" ? "bench" : safe}`;
}

/**
 * Makes the folder of a run inside `out`, which may exist and hold other files; a second run in the same second gets
 * a number behind its name.
 * @returns its path.
 * @throws what the file system throws.
 */
export async function createResultsFolder(out: string, startedAt: Date, name: string): Promise<string> {
  await mkdir(out, { recursive: true });
  const base = join(out, resultsFolderName(startedAt, name));
  for (let attempt = 1; ; attempt += 1) {
    const path = attempt === 1 ? base : `${base}-${attempt}`;
    try {
      await mkdir(path);
      return path;
    } catch (reason) {
      if (!(reason instanceof Error && "code" in reason && reason.code === "EEXIST")) throw reason;
    }
  }
}
