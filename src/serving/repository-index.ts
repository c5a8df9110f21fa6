import path from "node:path";
import type { RepositoryEntry } from "../core/metadata.ts";
import { heldVersions, readModelFolder } from "./model-folder.ts";
import type { ModelSlot } from "./model-slot.ts";
import { modelFolders } from "./repository.ts";
import { compareVersions } from "./version-policy.ts";

/**
 * Every version of every model of a repository, and what is served without being there any more (built-in models never are),
 * by name and version.
 */
export async function repositoryIndex(
  repositoryDir: string,
  slots: readonly ModelSlot[],
): Promise<readonly RepositoryEntry[]> {
  const folders = await modelFolders(repositoryDir);
  const names = new Set([...folders, ...slots.map(({ name }) => name)]);
  const rows = await Promise.all(
    [...names].sort().map(async (name) => {
      const slot = slots.find((each) => each.name === name);
      const held = folders.includes(name) ? await versionsOf(path.join(repositoryDir, name)) : [];
      const versions = new Set([...held, ...(slot?.servedVersions() ?? [])]);
      return [...versions]
        .sort(compareVersions)
        .map((version) => slot?.entry(version) ?? { name, version, state: "" as const, reason: "" });
    }),
  );
  return rows.flat();
}

/** The versions in a folder; of one whose configuration is broken, those that hold a file of the usual name. */
async function versionsOf(folder: string): Promise<readonly string[]> {
  const read = await readModelFolder(folder).catch(() => undefined);
  return read?.held ?? heldVersions(folder);
}
