import { readdir } from "node:fs/promises";
import path from "node:path";
import { ServingError } from "../core/errors.ts";
import { generateModel } from "./generate-model.ts";
import { type ModelFile, readModelFile, readModelVersions } from "./model-file.ts";
import { ZOO, zooModel } from "./zoo/catalogue.ts";

export type { ModelFile } from "./model-file.ts";

/** What a model's name may be: it is a folder's name and part of a URL. */
export const MODEL_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** How a model is opened. */
export interface OpenModelOptions {
  /** Of a model that has to be generated first. @default 1 */
  readonly seed?: number | undefined;
  /** Whether a model of the zoo that is not there is generated. @default true */
  readonly generate?: boolean | undefined;
  /** Told when a model has to be generated, and what of its configuration is passed over: a line each. */
  readonly onProgress?: ((line: string) => void) | undefined;
}

/** The names of the folders that may hold models; empty when there is no repository yet. */
export async function modelFolders(repositoryDir: string): Promise<readonly string[]> {
  const entries = await readdir(repositoryDir, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && MODEL_NAME.test(entry.name))
    .map(({ name }) => name)
    .sort();
}

/**
 * Opens a model of the repository (Triton's layout: `<name>/config.json` or `config.pbtxt`, `<name>/<version>/model.onnx`): the
 * highest of the versions that its configuration chooses. A model of the zoo that is not there is generated. Built-in models
 * (`null`, `identity`, `delay`) are none.
 *
 * @throws {ServingError} ERR_MODEL for an unknown name, naming those that there are, and for broken files.
 */
export async function openModel(
  repositoryDir: string,
  name: string,
  options: OpenModelOptions = {},
): Promise<ModelFile> {
  const read = async (folder: string) => {
    const found = await readModelFile(folder);
    return found && [found.file];
  };
  return (await open(repositoryDir, name, options, read))[0]!;
}

/**
 * Opens every version of a model that its configuration chooses, ascending, as {@link openModel} does the highest.
 * @throws {ServingError} as {@link openModel}.
 */
export function openVersions(
  repositoryDir: string,
  name: string,
  options: OpenModelOptions = {},
): Promise<readonly ModelFile[]> {
  return open(repositoryDir, name, options, readModelVersions);
}

async function open(
  repositoryDir: string,
  name: string,
  options: OpenModelOptions,
  read: (folder: string) => Promise<readonly ModelFile[] | undefined>,
): Promise<readonly ModelFile[]> {
  const { generate = true, onProgress } = options;
  if (MODEL_NAME.test(name)) {
    const folder = path.join(repositoryDir, name);
    const found = await read(folder);
    if (found !== undefined) {
      for (const line of new Set(found.flatMap(({ notes }) => notes))) onProgress?.(line);
      return found;
    }
    if (generate && zooModel(name) !== undefined) {
      await generateModel(repositoryDir, name, options);
      const generated = await read(folder);
      if (generated !== undefined) return generated;
      throw new ServingError(
        "ERR_MODEL",
        `model '${name}': ${folder} is in the way and holds no 1/model.onnx`,
      );
    }
  }
  const zoo = generate ? ZOO.map((model) => model.name) : [];
  const known = new Set([...zoo, ...(await modelFolders(repositoryDir))]);
  throw new ServingError(
    "ERR_MODEL",
    `unknown model '${name}' in ${repositoryDir}; there are: ${[...known].join(", ")}, ` +
      "and built in: null, identity, delay (add others with: npm run models -- add FILE.onnx)",
  );
}
