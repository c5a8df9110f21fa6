import type { PixelEncoding } from "../../../src/core/frame.ts";
import type { Tensor } from "../../../src/core/tensor.ts";
import {
  buildPostprocessGraph,
  buildPreprocessGraph,
  postprocessInputName,
  preprocessedName,
} from "../../../src/serving/graphs/pipeline-graph.ts";
import { readModel } from "../../../src/serving/onnx/model-file.ts";
import { readSignature } from "../../../src/serving/onnx/signature.ts";
import type { Recipe } from "../../../src/serving/recipe.ts";
import { runOnce } from "./tiny-nets.ts";

/** The same work as three models one after the other, as with placement `client`. */
export async function separately(
  net: Uint8Array,
  recipe: Recipe,
  content: PixelEncoding,
  image: Tensor,
): Promise<Readonly<Record<string, Tensor>>> {
  const signature = readSignature(readModel(net));
  const prepared = await runOnce(buildPreprocessGraph(recipe, content, signature), image);
  const inputName = signature.inputs[0]!.name;
  const outputs = await runOnce(net, { ...prepared[preprocessedName(inputName)]!, name: inputName });
  const post = buildPostprocessGraph(recipe, signature);
  if (post === undefined) return outputs;
  const feeds = Object.values(outputs).map((output) => ({
    ...output,
    name: postprocessInputName(output.name),
  }));
  return runOnce(post, ...feeds);
}
