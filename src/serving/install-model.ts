import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { messageOf, ServingError } from "../core/errors.ts";
import type { ModelConfig } from "./model-config.ts";
import { makeUnfinishedFolder } from "./unfinished-folder.ts";

/** Another process may have moved the old folder aside first. */
function unlessGone(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}

async function renamedInto(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOTEMPTY" || code === "EEXIST") return false;
    throw error;
  }
}

/**
 * Puts a model into the repository in one step: its folder is written beside the others under another name and then
 * renamed. A reader sees the whole model or none; of two processes that install the same model one comes first, and
 * neither harms the other.
 *
 * @param replace - false: a model that is there already stays, and ours is dropped.
 * @returns whether ours is the one in the repository.
 * @throws {ServingError} ERR_MODEL when it cannot be written: disk full, no permission. Nothing half-written stays.
 */
export async function installModel(
  repositoryDir: string,
  name: string,
  content: { readonly config: ModelConfig; readonly model: Uint8Array },
  { replace }: { readonly replace: boolean },
): Promise<boolean> {
  try {
    return await install(repositoryDir, name, content, replace);
  } catch (cause) {
    throw new ServingError(
      "ERR_MODEL",
      `model '${name}' cannot be written to ${repositoryDir}: ${messageOf(cause)}`,
      { cause },
    );
  }
}

async function install(
  repositoryDir: string,
  name: string,
  content: { readonly config: ModelConfig; readonly model: Uint8Array },
  replace: boolean,
): Promise<boolean> {
  await mkdir(repositoryDir, { recursive: true });
  const work = await makeUnfinishedFolder(repositoryDir);
  try {
    const fresh = path.join(work, "new");
    await mkdir(path.join(fresh, "1"), { recursive: true });
    await writeFile(path.join(fresh, "1", "model.onnx"), content.model);
    await writeFile(path.join(fresh, "config.json"), `${JSON.stringify(content.config, null, 2)}\n`);
    const folder = path.join(repositoryDir, name);
    if (await renamedInto(fresh, folder)) return true;
    if (!replace) return false;
    // A folder cannot be renamed over another: the old one steps aside, and is gone with the working folder.
    for (let old = 0; ; old += 1) {
      await rename(folder, path.join(work, `old-${old}`)).catch(unlessGone);
      if (await renamedInto(fresh, folder)) return true;
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
