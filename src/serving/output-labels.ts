import path from "node:path";
import { ServingError } from "../core/errors.ts";
import { readLabels } from "./class-labels.ts";
import type { ModelFolder } from "./model-folder.ts";

/**
 * The labels of the outputs whose configuration names a file of them (`label_filename`), by output.
 * @throws {ServingError} ERR_MODEL for a file that cannot be read, or that is not in the model's folder.
 */
export async function readOutputLabels({
  path: folder,
  config,
  configFile,
}: Pick<ModelFolder, "path" | "config" | "configFile">): Promise<
  Readonly<Record<string, readonly string[]>>
> {
  const labels: Record<string, readonly string[]> = {};
  for (const { name, label_filename: file = "" } of config.output ?? []) {
    if (file === "") continue;
    const full = path.resolve(folder, file);
    if (!full.startsWith(path.resolve(folder) + path.sep)) {
      throw new ServingError(
        "ERR_MODEL",
        `${configFile}: label_filename '${file}' is not in the model's folder`,
      );
    }
    labels[name] = await readLabels(full, undefined);
  }
  return labels;
}
