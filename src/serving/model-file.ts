import path from "node:path";
import { messageOf, ServingError } from "../core/errors.ts";
import { type FileStamp, readStamped } from "./file-stamp.ts";
import { fitConfig } from "./fit-config.ts";
import { guessRecipe } from "./guess-recipe.ts";
import type { ModelConfig } from "./model-config.ts";
import { type ModelFolder, modelFileName, readModelFolder } from "./model-folder.ts";
import { type OnnxModel, readModel } from "./onnx/model-file.ts";
import { readSignature, type Signature } from "./onnx/signature.ts";
import { readOutputLabels } from "./output-labels.ts";
import type { Recipe } from "./recipe.ts";
import type { Reshapes } from "./reshape.ts";
import { completePolicy, type VersionPolicy } from "./version-policy.ts";

/** A version of a model of the repository, as the serving core needs it. */
export interface ModelFile {
  readonly name: string;
  /** The name of its version folder: a whole number. */
  readonly version: string;
  readonly versionPolicy: VersionPolicy;
  /** The ONNX file. */
  readonly path: string;
  readonly bytes: number;
  /** Of that file when it was read. */
  readonly stamp: FileStamp;
  readonly config: ModelConfig;
  /** `raw`: tensors travel untouched, pictures are not taken. */
  readonly recipe: Recipe | "raw";
  readonly signature: Signature;
  /** Absent: the model takes and gives the shapes of the signature. */
  readonly reshapes?: Reshapes | undefined;
  /** Names of the classes, class 0 first. */
  readonly labels?: readonly string[] | undefined;
  /** Of the outputs that have a file of labels for themselves. */
  readonly outputLabels: Readonly<Record<string, readonly string[]>>;
  readonly weights: "seeded" | "trained";
  /** Triton's meaning: 0 when the first dimension is not a batch. */
  readonly maxBatchSize: number;
  /** Absent: requests are not put together. */
  readonly dynamicBatching?:
    | { readonly preferredBatchSizes: readonly number[]; readonly maxQueueDelayUs: number }
    | undefined;
  /** How many instances the configuration asks for; absent: it does not say. */
  readonly instances?: number | undefined;
  /** What the configuration asks for and does not get, one line each. */
  readonly notes: readonly string[];
}

function dynamicBatching({ dynamic_batching: asked }: ModelConfig): ModelFile["dynamicBatching"] {
  if (asked === undefined) return undefined;
  return {
    preferredBatchSizes: asked.preferred_batch_size,
    maxQueueDelayUs: asked.max_queue_delay_microseconds,
  };
}

function instances({ instance_group: groups = [] }: ModelConfig): number | undefined {
  if (groups.length === 0) return undefined;
  return groups.reduce((sum, { count }) => sum + Math.max(1, count), 0);
}

/** A model read from its folder, with the decoded graph (views into the file's bytes, for what looks inside). */
export interface ReadModelFile {
  readonly file: ModelFile;
  readonly model: OnnxModel;
}

/**
 * Reads the highest version to serve of one model folder.
 * @returns undefined when the folder holds no `<version>/model.onnx`.
 * @throws {ServingError} ERR_MODEL when a file in it is broken, or as {@link readModelFolder}.
 */
export async function readModelFile(folder: string): Promise<ReadModelFile | undefined> {
  const read = await readModelFolder(folder);
  return read && (await readVersion(read, read.versions.at(-1)!));
}

/**
 * Reads every version to serve of one model folder, ascending.
 * @returns undefined, and throws, as {@link readModelFile}.
 */
export async function readModelVersions(folder: string): Promise<readonly ModelFile[] | undefined> {
  const read = await readModelFolder(folder);
  if (read === undefined) return undefined;
  const files: ModelFile[] = [];
  // One after the other: the files may be large.
  for (const version of read.versions) files.push((await readVersion(read, version)).file);
  return files;
}

async function readVersion(folder: ModelFolder, version: string): Promise<ReadModelFile> {
  const { config, configFile } = folder;
  const file = path.join(folder.path, version, modelFileName(config));
  let stamp: FileStamp;
  let model: OnnxModel;
  try {
    const read = await readStamped(file);
    stamp = read.stamp;
    model = readModel(read.bytes);
  } catch (cause) {
    throw new ServingError("ERR_MODEL", `${file}: ${messageOf(cause)}`, { cause });
  }
  const { signature, reshapes, maxBatchSize, notes } = fitConfig(config, readSignature(model), configFile);
  const own = config.wirebench;
  return {
    model,
    file: {
      name: path.basename(folder.path),
      version,
      versionPolicy: completePolicy(config.version_policy),
      path: file,
      bytes: stamp.bytes,
      stamp,
      config,
      // A picture goes into the model's own shapes, which are not those that a guess would be made from.
      recipe: own?.recipe ?? (reshapes === undefined ? guessRecipe(signature, model).recipe : "raw"),
      signature,
      reshapes,
      labels: own?.labels,
      outputLabels: await readOutputLabels(folder),
      weights: own?.weights ?? "trained",
      maxBatchSize,
      dynamicBatching: dynamicBatching(config),
      instances: instances(config),
      notes: [...folder.notes, ...notes],
    },
  };
}
