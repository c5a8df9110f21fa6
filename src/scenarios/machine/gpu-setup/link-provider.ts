import { copyFile, lstat, rm, stat, symlink } from "node:fs/promises";
import path from "node:path";
import { BenchError, messageOf } from "../../../core/errors.ts";

/** ONNX Runtime's own libraries for CUDA; it loads them from the folder that it lies in itself. */
export const PROVIDER_FILES = [
  "libonnxruntime_providers_cuda.so",
  "libonnxruntime_providers_shared.so",
] as const;

/**
 * Puts the provider's libraries beside ONNX Runtime's, as links. `npm ci` removes them: linking again costs nothing.
 *
 * @param providerFolder - holds them.
 * @param runtimeFolder - onnxruntime-node's.
 * @throws {BenchError} ERR_DEVICE when the one cannot be read or the other not be written.
 */
export async function linkProvider(providerFolder: string, runtimeFolder: string): Promise<void> {
  try {
    await unlinkProvider(runtimeFolder);
    for (const file of PROVIDER_FILES) {
      const from = path.join(providerFolder, file);
      const to = path.join(runtimeFolder, file);
      await stat(from);
      // Some file systems have no links.
      await symlink(from, to).catch(() => copyFile(from, to));
    }
  } catch (cause) {
    throw new BenchError("ERR_DEVICE", `the CUDA provider cannot be linked: ${messageOf(cause)}`, { cause });
  }
}

/** Removes what was linked or installed there; nothing happens where nothing is. */
export async function unlinkProvider(runtimeFolder: string): Promise<void> {
  for (const file of PROVIDER_FILES) await rm(path.join(runtimeFolder, file), { force: true });
}

/** Whether ONNX Runtime finds the provider; a link to nothing does not count. */
export async function providerIsThere(runtimeFolder: string): Promise<"yes" | "no" | "broken"> {
  for (const file of PROVIDER_FILES) {
    const at = path.join(runtimeFolder, file);
    if ((await lstat(at).catch(() => undefined)) === undefined) return "no";
    if ((await stat(at).catch(() => undefined)) === undefined) return "broken";
  }
  return "yes";
}
