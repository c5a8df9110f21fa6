import type { TensorMetadata } from "../core/metadata.ts";
import type { OnnxModel } from "./onnx/model-file.ts";
import type { Signature } from "./onnx/signature.ts";
import type { Recipe } from "./recipe.ts";

/** A recipe with what was guessed in it, one sentence each; `raw` for a model that takes no pictures. */
export interface GuessedRecipe {
  readonly recipe: Recipe | "raw";
  readonly guesses: readonly string[];
}

const INTEGER = /^U?INT\d+$/;
const FLOAT = /^(FP|BF)\d+$/;

/** Operators that hand scores on as they are. */
const PASSING = new Set([
  "Identity",
  "Cast",
  "Reshape",
  "Flatten",
  "Squeeze",
  "QuantizeLinear",
  "DequantizeLinear",
]);

/** Whether an output comes out of a Softmax or Sigmoid: its numbers are probabilities already. */
export function givesProbabilities({ graph }: OnnxModel, output: string): boolean {
  const producers = new Map(
    (graph.node ?? []).flatMap((node) => (node.output ?? []).map((out) => [out, node])),
  );
  let producer = producers.get(output);
  while (producer !== undefined && PASSING.has(producer.opType ?? "")) {
    producer = producers.get(producer.input?.[0] ?? "");
  }
  return ["Softmax", "Sigmoid", "HardSigmoid"].includes(producer?.opType ?? "");
}

function answerOf({ datatype, shape }: TensorMetadata): Recipe["answer"] {
  const spatial = shape.filter((size, index) => index > 0 && size !== 1).length;
  if (FLOAT.test(datatype) && shape.length === 4 && spatial === 3) return "argmax";
  if (FLOAT.test(datatype) && spatial === 1) return "top-k";
  if (INTEGER.test(datatype) && (shape.length === 3 || (shape.length === 4 && shape.includes(1, 1))))
    return "mask";
  return "tensors";
}

/** The layout of a picture's input; undefined when no dimension has the three channels. */
function layoutOf(shape: readonly number[]): Recipe["layout"] | undefined {
  if (shape.length !== 4) return undefined;
  if (shape[3] === 3) return "nhwc";
  return shape[1] === 3 ? "nchw" : undefined;
}

/**
 * Guesses the recipe that a signature does not tell: float NHWC takes 0..255; float NCHW takes ImageNet's mean and
 * deviation; integers take bytes as they are; float `[1, N]` is scores, float `[1, C, H, W]` or `[1, H, W, C]` scores per
 * pixel, integers `[1, H, W]` a mask.
 *
 * @param model - where given, tells whether scores are probabilities already.
 */
export function guessRecipe({ inputs, outputs }: Signature, model?: OnnxModel): GuessedRecipe {
  const input = inputs[0];
  const layout = input === undefined ? undefined : layoutOf(input.shape);
  if (input === undefined || layout === undefined || inputs.length !== 1) {
    return {
      recipe: "raw",
      guesses: ["no input of 3 channels was found: the recipe is raw (tensors travel as they are)"],
    };
  }
  const imageNet = layout === "nchw" && FLOAT.test(input.datatype);
  const numbers = imageNet
    ? { scale: 1 / 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }
    : { scale: 1, mean: [0], std: [1] };
  const [heightPx, widthPx] =
    layout === "nhwc" ? [input.shape[1]!, input.shape[2]!] : [input.shape[2]!, input.shape[3]!];
  const output = outputs.find((candidate) => answerOf(candidate) !== "tensors");
  const answer = output === undefined ? "tensors" : answerOf(output);
  const softmax = answer === "top-k" && model !== undefined && !givesProbabilities(model, output!.name);
  const recipe: Recipe = {
    ...(heightPx > 0 && widthPx > 0 ? { size: { widthPx, heightPx } } : {}),
    colour: "rgb",
    layout,
    ...numbers,
    answer,
    ...(softmax ? { softmax } : {}),
  };
  const range = imageNet ? "ImageNet's mean and deviation" : "bytes 0..255 as they are";
  return {
    recipe,
    guesses: [
      "colour: rgb",
      `input '${input.name}' (${input.datatype}, ${layout.toUpperCase()}): ${range}`,
      output === undefined
        ? "answer: tensors (no output looks like a mask or scores)"
        : `answer: ${answer} of '${output.name}'${softmax ? ", softmax added (no Softmax was found before it)" : ""}`,
    ],
  };
}
