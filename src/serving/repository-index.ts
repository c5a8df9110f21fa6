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
      const { held, chosen } = folders.includes(name)
        ? await versionsOf(path.join(repositoryDir, name))
        : NOT_THERE;
      const versions = new Set([...held, ...(slot?.servedVersions() ?? [])]);
      return [...versions].sort(compareVersions).map(
        (version) =>
          slot?.entry(version, chosen.includes(version)) ?? {
            name,
            version,
            state: "" as const,
            reason: "",
          },
      );
    }),
  );
  return rows.flat();
}

interface FolderVersions {
  /** Those that hold the model's file, ascending. */
  readonly held: readonly string[];
  /** Those that the configuration chooses. */
  readonly chosen: readonly string[];
}

const NOT_THERE: FolderVersions = { held: [], chosen: [] };

/** Of a folder whose configuration is broken, those that hold a file of the usual name: which are chosen is not known. */
async function versionsOf(folder: string): Promise<FolderVersions> {
  const read = await readModelFolder(folder).catch(() => undefined);
  if (read !== undefined) return { held: read.held, chosen: read.versions };
  const held = await heldVersions(folder);
  return { held, chosen: held };
}
