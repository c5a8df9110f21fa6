import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { messageOf, ServingError } from "../core/errors.ts";
import { guessRecipe } from "./guess-recipe.ts";
import { isBatchable, type ModelConfig, parseModelConfig } from "./model-config.ts";
import { type OnnxModel, readModel } from "./onnx/model-file.ts";
import { readSignature, type Signature } from "./onnx/signature.ts";
import type { Recipe } from "./recipe.ts";

/** A model of the repository, as the serving core needs it. */
export interface ModelFile {
  readonly name: string;
  /** The name of its version folder: a whole number. */
  readonly version: string;
  /** The ONNX file. */
  readonly path: string;
  readonly bytes: number;
  /** Of the ONNX file, hexadecimal. */
  readonly sha256: string;
  readonly config: ModelConfig;
  /** `raw`: tensors travel untouched, pictures are not taken. */
  readonly recipe: Recipe | "raw";
  readonly signature: Signature;
  /** Names of the classes, class 0 first. */
  readonly labels?: readonly string[] | undefined;
  readonly weights: "seeded" | "trained";
  /** Triton's meaning: 0 when the first dimension is not a batch. */
  readonly maxBatchSize: number;
  /** Absent: requests are not put together. */
  readonly dynamicBatching?:
    | { readonly preferredBatchSizes: readonly number[]; readonly maxQueueDelayUs: number }
    | undefined;
}

async function readConfig(file: string): Promise<ModelConfig> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch {
    // Triton completes a missing configuration from the model, and so is it here.
    return parseModelConfig({}, file);
  }
  try {
    return parseModelConfig(JSON.parse(text), file);
  } catch (cause) {
    if (cause instanceof ServingError) throw cause;
    throw new ServingError("ERR_MODEL", `${file}: no JSON: ${messageOf(cause)}`, { cause });
  }
}

/** The folders of a model's versions that hold a `model.onnx`, newest (highest) first. */
async function versionsOf(folder: string): Promise<readonly string[]> {
  const numbers = (await readdir(folder).catch(() => [])).filter((name) => /^\d+$/.test(name));
  const held = numbers.filter((version) => existsSync(path.join(folder, version, "model.onnx")));
  return held.sort((a, b) => Number(b) - Number(a));
}

function dynamicBatching({ dynamic_batching: asked }: ModelConfig): ModelFile["dynamicBatching"] {
  if (asked === undefined) return undefined;
  return {
    preferredBatchSizes: asked.preferred_batch_size,
    maxQueueDelayUs: asked.max_queue_delay_microseconds,
  };
}

/** A model read from its folder, with the decoded graph (views into the file's bytes, for what looks inside). */
export interface ReadModelFile {
  readonly file: ModelFile;
  readonly model: OnnxModel;
}

/**
 * Reads the newest version of one model folder.
 * @returns undefined when the folder holds no `<version>/model.onnx`.
 * @throws {ServingError} ERR_MODEL when a file in it is broken.
 */
export async function readModelFile(folder: string): Promise<ReadModelFile | undefined> {
  const name = path.basename(folder);
  const [version] = await versionsOf(folder);
  if (version === undefined) return undefined;
  const config = await readConfig(path.join(folder, "config.json"));
  const file = path.join(folder, version, "model.onnx");
  const bytes = await readFile(file);
  let model: OnnxModel;
  try {
    model = readModel(bytes);
  } catch (cause) {
    throw new ServingError("ERR_MODEL", `${file}: ${messageOf(cause)}`, { cause });
  }
  const signature = readSignature(model);
  const own = config.wirebench;
  return {
    model,
    file: {
      name,
      version,
      path: file,
      bytes: bytes.byteLength,
      sha256: createHash("sha256").update(bytes).digest("hex"),
      config,
      recipe: own?.recipe ?? guessRecipe(signature, model).recipe,
      signature,
      labels: own?.labels,
      weights: own?.weights ?? "trained",
      maxBatchSize: isBatchable(signature) ? config.max_batch_size : 0,
      dynamicBatching: dynamicBatching(config),
    },
  };
}
