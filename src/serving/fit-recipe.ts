import { ServingError } from "../core/errors.ts";
import type { TensorMetadata } from "../core/metadata.ts";
import type { Signature } from "./onnx/signature.ts";
import { DEFAULT_TOP_K, type Recipe } from "./recipe.ts";

/** The side of a picture where nothing fixes it: the size that the project's own nets take. */
export const DEFAULT_SIZE = { widthPx: 968, heightPx: 608 } as const;

/** What a recipe and a signature say together about the model's input. */
export interface ImageInput {
  readonly name: string;
  readonly datatype: TensorMetadata["datatype"];
  /** Whether several pictures may go in one run. */
  readonly freeBatch: boolean;
  /** The size that the net gets; undefined: the picture's own. */
  readonly size?: { readonly widthPx: number; readonly heightPx: number } | undefined;
}

function misfit(message: string): ServingError {
  return new ServingError("ERR_MODEL", `the recipe does not fit the model: ${message}`);
}

/**
 * The picture's way into the model.
 * @throws {ServingError} ERR_MODEL when the recipe does not fit the signature.
 */
export function imageInput(recipe: Recipe, { inputs }: Signature): ImageInput {
  const input = inputs[0];
  if (input === undefined || inputs.length !== 1) {
    throw misfit(`expected one input, found ${inputs.length} (${inputs.map(({ name }) => name).join(", ")})`);
  }
  const { name, datatype, shape } = input;
  const described = `input '${name}' is ${datatype} [${shape.join(", ")}]`;
  if (shape.length !== 4) throw misfit(`expected an input of 4 dimensions, ${described}`);
  if (!["FP32", "FP16", "UINT8", "INT8"].includes(datatype)) {
    throw misfit(`expected FP32, FP16, UINT8 or INT8, ${described}`);
  }
  const nhwc = recipe.layout === "nhwc";
  const channels = shape[nhwc ? 3 : 1]!;
  if (channels !== 3 && channels !== -1)
    throw misfit(`layout ${recipe.layout} expects 3 channels, ${described}`);
  const batch = shape[0]!;
  if (batch > 1) throw misfit(`expected a batch of 1 or a free one, ${described}`);
  const heightPx = shape[nhwc ? 1 : 2]!;
  const widthPx = shape[nhwc ? 2 : 3]!;
  const { size } = recipe;
  if (
    size !== undefined &&
    ((heightPx > 0 && heightPx !== size.heightPx) || (widthPx > 0 && widthPx !== size.widthPx))
  ) {
    throw misfit(`size ${size.widthPx}x${size.heightPx}, but ${described}`);
  }
  const fixed = heightPx > 0 && widthPx > 0 ? { widthPx, heightPx } : undefined;
  if (fixed === undefined && size === undefined && (heightPx > 0 || widthPx > 0)) {
    throw misfit(`a size is needed, ${described}`);
  }
  return { name, datatype, freeBatch: batch === -1, size: size ?? fixed };
}

/** The output that an answer is made of, and where its classes are. */
export interface AnswerOutput {
  readonly output: TensorMetadata;
  /** The dimension of the classes; for `mask` and `tensors` 0. */
  readonly classAxis: number;
  /** For `top-k`: how many are named; never more than there are classes. */
  readonly topK: number;
}

/** Of the last three dimensions of `[1, C, H, W]` or `[1, H, W, C]`, the one that holds classes. */
function classAxisOf(shape: readonly number[], layout: Recipe["layout"]): 1 | 3 {
  const first = shape[1]!;
  const last = shape[3]!;
  if (first > 0 && last > 0 && first !== last) return first < last ? 1 : 3;
  if (first > 0 !== last > 0) return first > 0 ? 1 : 3;
  return layout === "nhwc" ? 3 : 1;
}

/**
 * The output that a recipe's answer is made of: the first whose shape and datatype can be.
 * @throws {ServingError} ERR_MODEL when none can.
 */
export function answerOutput(recipe: Recipe, { outputs }: Signature): AnswerOutput {
  const float = (datatype: string): boolean => datatype.startsWith("FP");
  const flat = ({ shape }: TensorMetadata): boolean =>
    shape.length >= 2 && shape.slice(1).filter((size) => size !== 1).length <= 1;
  const fits: Readonly<Record<Recipe["answer"], (output: TensorMetadata) => boolean>> = {
    argmax: ({ datatype, shape }) => shape.length === 4 && float(datatype),
    mask: ({ datatype, shape }) => (shape.length === 3 || shape.length === 4) && !float(datatype),
    "top-k": (output) => flat(output),
    tensors: () => true,
  };
  const output = outputs.find(fits[recipe.answer]);
  if (output === undefined) {
    const found = outputs.map(({ name, datatype, shape }) => `'${name}' ${datatype} [${shape.join(", ")}]`);
    throw misfit(`no output can give '${recipe.answer}', found ${found.join(", ")}`);
  }
  const wanted = recipe.topK ?? DEFAULT_TOP_K;
  const classes = output.shape.slice(1).find((size) => size !== 1) ?? 1;
  return {
    output,
    classAxis: recipe.answer === "argmax" ? classAxisOf(output.shape, recipe.layout) : 0,
    topK: classes > 0 ? Math.min(wanted, classes) : wanted,
  };
}
