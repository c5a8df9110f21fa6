import { messageOf, ServingError } from "../core/errors.ts";
import type { BatchPolicy } from "./batching.ts";
import { answerOutput, imageInput } from "./fit-recipe.ts";
import type { Recipe } from "./recipe.ts";
import { type ModelFile, openModel } from "./repository.ts";
import type { ServedModel } from "./request-shape.ts";

/** A model of the repository as the engine needs it. */
export interface OpenedModel {
  readonly model: ServedModel;
  /** The .onnx file. */
  readonly path: string;
  readonly weights: "seeded" | "trained";
  /** Absent: every request runs alone. */
  readonly batching: BatchPolicy | undefined;
}

/**
 * Opens a model of the repository (generating it first where it is one of the project's own).
 *
 * @param recipe - instead of the repository's.
 * @throws {ServingError} ERR_MODEL, also for a given recipe that does not fit.
 */
export async function openServedModel(
  repositoryDir: string,
  modelName: string,
  recipe?: Recipe | "raw",
  onProgress?: (line: string) => void,
): Promise<OpenedModel> {
  const file = await openModel(repositoryDir, modelName, onProgress === undefined ? {} : { onProgress });
  const { name, version, signature, maxBatchSize, dynamicBatching } = file;
  if (recipe !== undefined && recipe !== "raw") checkFit(recipe, file);
  return {
    model: { name, version, signature, maxBatchSize, recipe: recipe ?? file.recipe },
    path: file.path,
    weights: file.weights,
    batching:
      dynamicBatching === undefined || maxBatchSize < 2 ? undefined : { ...dynamicBatching, maxBatchSize },
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
