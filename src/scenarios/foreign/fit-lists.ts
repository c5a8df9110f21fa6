import type { Placement } from "../../core/cell.ts";
import type { ModelMetadata, TensorMetadata } from "../../core/metadata.ts";
import type { Recipe } from "../../serving/recipe.ts";
import type { BenchSpec, Dimensions, SourceSize } from "../bench-spec.ts";
import { isFlat, isPictureInput, isPlainRecipe } from "./foreign-form.ts";
import { BINARY_TENSOR_DATA } from "./foreign-server.ts";

/** The lists of a bench, and what was chosen in them. */
export interface FittedLists {
  readonly dimensions: Dimensions;
  readonly notes: readonly string[];
}

type Model = readonly [name: string, metadata: ModelMetadata];

export interface FitListsOptions {
  /** Those that are sent their tensors as they are. */
  readonly models: readonly Model[];
  readonly recipe: Recipe | "raw" | undefined;
  /** Raw tensors can travel. */
  readonly isBinary: boolean;
}

/** The lists that nobody typed: what the server cannot take is replaced by what it can, and said. */
export function fitLists(
  { dimensions, asked, shape = [], size }: BenchSpec,
  { models, recipe, isBinary }: FitListsOptions,
): FittedLists {
  const notes: string[] = [];
  let fitted = dimensions;
  if (models.length === 0) return { dimensions, notes };
  if (!isBinary) {
    notes.push(
      `http: the server does not announce ${BINARY_TENSOR_DATA}: tensors travel as JSON numbers, which costs time and bytes`,
    );
    if (!asked.includes("encoding")) fitted = { ...fitted, encoding: ["json"] };
  }
  if (!asked.includes("input") && !fitted.input.includes("synthetic")) {
    const why = models.flatMap(([, { inputs }]) => {
      if (shape.length > 0) return ["--shape: seeded tensors are sent instead"];
      return noFrames(inputs, { recipe, size }) ?? [];
    });
    if (why.length > 0) {
      notes.push(...new Set(why));
      fitted = { ...fitted, input: ["synthetic"] };
    }
  }
  if (!asked.includes("placement")) {
    const placement = placementOf(models, recipe);
    if (placement === "client") {
      notes.push("placement client: the model's own tensors travel, made by the recipe before and after");
    }
    fitted = { ...fitted, placement: [placement] };
  }
  return { dimensions: fitted, notes };
}

/** Why frames whose size nobody knows yet are no inputs of a model, and what is sent instead; `undefined`: they are. */
function noFrames(
  inputs: readonly TensorMetadata[],
  { recipe, size }: { readonly recipe: Recipe | "raw" | undefined; readonly size: SourceSize | undefined },
): string | undefined {
  if ((recipe !== undefined && recipe !== "raw") || isFlat(inputs)) return undefined;
  const [input] = inputs;
  if (inputs.length !== 1 || !isPictureInput(input)) {
    return "frames do not fit the model's inputs without a --recipe: seeded tensors are sent instead";
  }
  const [, heightPx = -1, widthPx = -1] = input.shape;
  const isFree = heightPx <= 0 && widthPx <= 0;
  const isMade = size?.kind === "image" && size.heightPx === heightPx && size.widthPx === widthPx;
  if (isFree || isMade) return undefined;
  const sent = recipe === "raw" ? "seeded tensors" : "scenes of that size";
  return `the model takes pictures of one size: ${sent} are sent instead (frames that have it are named with --input, others resized with --size)`;
}

function placementOf(models: readonly Model[], recipe: Recipe | "raw" | undefined): Placement {
  if (recipe === undefined || recipe === "raw") return "server";
  const isServer = models.every(([, { inputs }]) => isPictureInput(inputs[0]));
  return isPlainRecipe(recipe) && recipe.size === undefined && isServer ? "server" : "client";
}
