import { messageOf, ServingError } from "../core/errors.ts";
import type { BatchPolicy } from "./batching.ts";
import type { FileStamp } from "./file-stamp.ts";
import { answerOutput, imageInput } from "./fit-recipe.ts";
import type { Recipe } from "./recipe.ts";
import { type ModelFile, type OpenModelOptions, openModel, openVersions } from "./repository.ts";
import type { ServedModel } from "./request-shape.ts";
import type { VersionPolicy } from "./version-policy.ts";

/** A version of a model of the repository as the engine needs it. */
export interface OpenedModel {
  readonly model: ServedModel;
  /** The .onnx file. */
  readonly path: string;
  /** Of that file when it was read. */
  readonly stamp: FileStamp;
  /** Whether the recipe is what somebody said, and no guess from the signature. */
  readonly isRecipeGiven: boolean;
  readonly weights: "seeded" | "trained";
  readonly versionPolicy: VersionPolicy;
  /** Absent: every request runs alone. */
  readonly batching: BatchPolicy | undefined;
  /** How many the configuration asks for; absent: it does not say. */
  readonly instances: number | undefined;
}

/** How a model is opened to be served. */
export interface OpenServedOptions extends OpenModelOptions {
  /** Instead of the repository's. */
  readonly recipe?: Recipe | "raw" | undefined;
}

/**
 * Opens a model of the repository, the highest version to serve (generating it first where it is one of the project's own).
 *
 * @param recipe - instead of the repository's.
 * @throws {ServingError} ERR_MODEL, also for a given recipe that does not fit.
 */
export async function openServedModel(
  repositoryDir: string,
  modelName: string,
  recipe?: Recipe | "raw",
): Promise<OpenedModel> {
  return opened(await openModel(repositoryDir, modelName), recipe);
}

/** Every version to serve, ascending, as {@link openServedModel} opens the highest. @throws {ServingError} ERR_MODEL */
export async function openServedVersions(
  repositoryDir: string,
  modelName: string,
  options: OpenServedOptions,
): Promise<readonly OpenedModel[]> {
  const files = await openVersions(repositoryDir, modelName, options);
  return files.map((file) => opened(file, options.recipe));
}

function opened(file: ModelFile, recipe: Recipe | "raw" | undefined): OpenedModel {
  const { name, version, signature, reshapes, maxBatchSize, dynamicBatching, labels, outputLabels } = file;
  if (recipe !== undefined && recipe !== "raw") checkFit(recipe, file);
  return {
    model: {
      name,
      version,
      signature,
      reshapes,
      maxBatchSize,
      recipe: recipe ?? file.recipe,
      labels,
      outputLabels,
    },
    path: file.path,
    stamp: file.stamp,
    isRecipeGiven: (recipe ?? file.config.wirebench?.recipe) !== undefined,
    weights: file.weights,
    versionPolicy: file.versionPolicy,
    batching:
      dynamicBatching === undefined || maxBatchSize < 2 ? undefined : { ...dynamicBatching, maxBatchSize },
    instances: file.instances,
  };
}

/** The repository's recipes were tried when their models were added. */
function checkFit(recipe: Recipe, { name, signature }: ModelFile): void {
  try {
    imageInput(recipe, signature);
    answerOutput(recipe, signature);
  } catch (cause) {
    throw new ServingError("ERR_MODEL", `model '${name}': ${messageOf(cause)}`, { cause });
  }
}
