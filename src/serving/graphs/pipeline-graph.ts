import { ServingError } from "../../core/errors.ts";
import type { PixelEncoding } from "../../core/frame.ts";
import { imageInput } from "../fit-recipe.ts";
import { createModel, type Dimension, GraphBuilder, valueInfo } from "../onnx/graph-builder.ts";
import { chainGraphs, renameValues, valueNames } from "../onnx/merge-graphs.ts";
import { type OnnxModel, opsetOf, readModel, writeModel } from "../onnx/model-file.ts";
import { readSignature, type Signature } from "../onnx/signature.ts";
import type { Recipe } from "../recipe.ts";
import { ANSWER, addPostprocess } from "./add-postprocess.ts";
import { addPreprocess, type FrameSize, IMAGE } from "./add-preprocess.ts";

/** The operator set of graphs that stand alone; fused ones take the model's. */
const OWN_OPSET = 17;

/** The oldest operator set with the Resize and Pad that pictures need. */
const OLDEST_OPSET = 11;

function checkOpset(model: OnnxModel): void {
  const opset = opsetOf(model);
  if (opset >= OLDEST_OPSET) return;
  throw new ServingError(
    "ERR_MODEL",
    `pictures need operator set ${OLDEST_OPSET} or newer, the model has ${opset}: convert it, or use the recipe raw`,
  );
}

/** The net with names that cannot clash with those of the graphs around it. */
function withFreeNames(model: OnnxModel, recipe: Recipe): OnnxModel {
  const clashes = new Map(
    [...valueNames(model.graph)]
      .filter((name) => name === IMAGE || (recipe.answer !== "tensors" && isAnswerName(name)))
      .map((name) => [name, `net/${name}`]),
  );
  return { ...model, graph: renameValues(model.graph, clashes) };
}

/**
 * Fuses what a picture needs before the net, the net, and what its outputs need after it into one model: input `image`
 * uint8 `[N, H, W, C]` (C = 3 for rgb8 and bgr8, else 1; N is 1 unless the net's batch is free), outputs `mask` uint8
 * `[N, h, w]`, or `scores` FP32 and `classes` INT32 `[N, k]`, or the net's own tensors.
 *
 * @param model - the net's ONNX file; not changed.
 * @param frame - the pictures' size where it is known: saves the resize when it is the recipe's, and padding. The
 *   answer is the same without it, for pictures of any size.
 * @throws {ServingError} ERR_MODEL when the recipe does not fit the net.
 */
export function buildPipelineGraph(
  model: Uint8Array,
  recipe: Recipe,
  content: PixelEncoding,
  frame?: FrameSize,
): Uint8Array {
  const net = withFreeNames(readModel(model), recipe);
  checkOpset(net);
  const signature = readSignature(net);
  const input = imageInput(recipe, signature);
  const before = new GraphBuilder("wirebench/pre/");
  addPreprocess(before, { recipe, content, input, frame, output: input.name });
  const after = new GraphBuilder("wirebench/post/");
  const answered = addPostprocess(after, recipe, signature);
  const parts = [before.graph("pre"), net.graph, ...(answered ? [after.graph("post")] : [])];
  return writeModel(chainGraphs(net, parts));
}

/** The name of the tensor that {@link buildPreprocessGraph} makes: the model's input, unless that is called `image` too. */
export function preprocessedName(inputName: string): string {
  return inputName === IMAGE ? "image_input" : inputName;
}

/**
 * The same preparation as a model of its own: `image` uint8 `[N, H, W, C]` in, the net's input tensor out
 * (its name: {@link preprocessedName}).
 *
 * @throws {ServingError} ERR_MODEL when the recipe does not fit the signature.
 */
export function buildPreprocessGraph(
  recipe: Recipe,
  content: PixelEncoding,
  signature: Signature,
  frame?: FrameSize,
): Uint8Array {
  const input = imageInput(recipe, signature);
  const graph = new GraphBuilder("wirebench/pre/");
  const output = preprocessedName(input.name);
  addPreprocess(graph, { recipe, content, input, frame, output });
  const size = input.size ?? frame;
  const sides: readonly Dimension[] = size ? [size.heightPx, size.widthPx] : ["image_height", "image_width"];
  const shape = recipe.layout === "nhwc" ? [...sides, 3] : [3, ...sides];
  graph.output(output, input.datatype, [input.freeBatch ? "batch" : 1, ...shape]);
  return writeModel(createModel(graph.graph("preprocess"), OWN_OPSET));
}

/** The name of a net's output where it goes into {@link buildPostprocessGraph}: its own, unless an answer is called so. */
export function postprocessInputName(outputName: string): string {
  return isAnswerName(outputName) ? `net/${outputName}` : outputName;
}

/**
 * The same finish as a model of its own: the net's output tensor in (the one that the answer is made of; its name:
 * {@link postprocessInputName}), the final answer out. Undefined for the answer `tensors`: there is nothing to do.
 *
 * @throws {ServingError} ERR_MODEL when no output can give the recipe's answer.
 */
export function buildPostprocessGraph(recipe: Recipe, signature: Signature): Uint8Array | undefined {
  const outputs = signature.outputs.map((output) => ({ ...output, name: postprocessInputName(output.name) }));
  const graph = new GraphBuilder("wirebench/post/");
  if (!addPostprocess(graph, recipe, { ...signature, outputs })) return undefined;
  const built = graph.graph("postprocess");
  const read = new Set((built.node ?? []).flatMap(({ input }) => input ?? []));
  const input = outputs
    .filter(({ name }) => read.has(name))
    .map(({ name, datatype, shape }) =>
      valueInfo(
        name,
        datatype,
        shape.map((size, axis) => (size >= 0 ? size : `${name}_${axis}`)),
      ),
    );
  return writeModel(createModel({ ...built, input }, OWN_OPSET));
}

function isAnswerName(name: string): boolean {
  return [...Object.values(ANSWER), `${ANSWER.classes}_int64`].includes(name);
}
