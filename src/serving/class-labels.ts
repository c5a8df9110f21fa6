import { readFile } from "node:fs/promises";
import { messageOf, ServingError } from "../core/errors.ts";
import { answerOutput } from "./fit-recipe.ts";
import type { OnnxModel } from "./onnx/model-file.ts";
import { type NodeProto, type TensorProto, toNumber } from "./onnx/schema.ts";
import type { Signature } from "./onnx/signature.ts";
import type { Recipe } from "./recipe.ts";

/** The channels that a convolution makes: the first dimension of its weights, which may be quantised. */
function channelsMade(
  node: NodeProto,
  weights: ReadonlyMap<string, TensorProto>,
  producers: ReadonlyMap<string, NodeProto>,
): number | undefined {
  const name = node.input?.[node.opType === "QLinearConv" ? 3 : 1] ?? "";
  const tensor = weights.get(name) ?? weights.get(producers.get(name)?.input?.[0] ?? "");
  const channels = toNumber(tensor?.dims?.[0]);
  return channels > 0 ? channels : undefined;
}

/** For a mask that the net itself makes: the channels of the convolution whose scores the ids come from. */
function classesBehind({ graph }: OnnxModel, output: string): number | undefined {
  const producers = new Map(
    (graph.node ?? []).flatMap((node) => (node.output ?? []).map((out) => [out, node])),
  );
  const weights = new Map((graph.initializer ?? []).map((tensor) => [tensor.name ?? "", tensor]));
  let ranked = false;
  for (let node = producers.get(output); node !== undefined; node = producers.get(node.input?.[0] ?? "")) {
    ranked ||= node.opType === "ArgMax";
    if (ranked && (node.opType === "Conv" || node.opType === "QLinearConv")) {
      return channelsMade(node, weights, producers);
    }
  }
  return undefined;
}

/** How many classes a model tells apart; undefined where the file does not show it. */
export function countClasses(
  model: OnnxModel,
  signature: Signature,
  recipe: Recipe | "raw",
): number | undefined {
  if (recipe === "raw" || recipe.answer === "tensors") return undefined;
  const { output, classAxis } = answerOutput(recipe, signature);
  if (recipe.answer === "mask") return classesBehind(model, output.name);
  const axis =
    recipe.answer === "argmax" ? classAxis : output.shape.findIndex((size, index) => index > 0 && size !== 1);
  const classes = output.shape[axis] ?? -1;
  return classes > 0 ? classes : undefined;
}

/**
 * Reads a label file: one class a line, class 0 first. A file with one line too many that begins with `background`
 * (as TensorFlow's have it) loses that line.
 *
 * @param classes - how many there should be, where that is known.
 * @throws {ServingError} ERR_MODEL when the file cannot be read or has another number of lines.
 */
export async function readLabels(file: string, classes: number | undefined): Promise<string[]> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw new ServingError("ERR_MODEL", `labels ${file}: ${messageOf(cause)}`, { cause });
  }
  const lines = text
    .trimEnd()
    .split(/\r?\n/)
    .map((line) => line.trim());
  if (classes === undefined || lines.length === classes) return lines;
  if (lines.length === classes + 1 && /^background$/i.test(lines[0] ?? "")) return lines.slice(1);
  throw new ServingError(
    "ERR_MODEL",
    `labels ${file}: ${lines.length} lines, but the model has ${classes} classes`,
  );
}
