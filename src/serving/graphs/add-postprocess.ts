import { answerOutput } from "../fit-recipe.ts";
import { elementTypeOf } from "../onnx/data-type.ts";
import type { Dimension, GraphBuilder } from "../onnx/graph-builder.ts";
import type { Signature } from "../onnx/signature.ts";
import type { Recipe } from "../recipe.ts";

/** The names of the values that the final answers have: a mask, or scores and classes. */
export const ANSWER = { mask: "mask", scores: "scores", classes: "classes" } as const;

function dimension(size: number, name: string): Dimension {
  return size > 0 ? size : name;
}

/**
 * Adds what makes a model's outputs the final answer: `mask` uint8 `[N, h, w]`, or `scores` FP32 `[N, k]` with `classes`
 * INT32 `[N, k]`, best first (equal scores: the lower class first). Does nothing for `tensors`.
 *
 * @returns whether it added an answer.
 */
export function addPostprocess(graph: GraphBuilder, recipe: Recipe, signature: Signature): boolean {
  if (recipe.answer === "tensors") return false;
  const { output, classAxis, topK } = answerOutput(recipe, signature);
  const { name, datatype, shape } = output;
  const batch = dimension(shape[0]!, "batch");
  const uint8 = { to: elementTypeOf("UINT8") };
  switch (recipe.answer) {
    case "argmax": {
      const [h, w] = classAxis === 1 ? [shape[2]!, shape[3]!] : [shape[1]!, shape[2]!];
      const ids = graph.op("ArgMax", [name], { axis: classAxis, keepdims: 0 });
      graph.op("Cast", [ids], uint8, ANSWER.mask);
      graph.output(ANSWER.mask, "UINT8", [batch, dimension(h, "mask_height"), dimension(w, "mask_width")]);
      return true;
    }
    case "mask": {
      const [h, w] = maskSides(shape);
      const ids = datatype === "UINT8" ? name : graph.op("Cast", [name], uint8);
      // Free sides of [1, 1, h, w] and [1, h, w, 1] are not known when the graph is made: the shape is taken apart at run time.
      const flat = shape.length === 3 ? ids : graph.op("Reshape", [ids, addMaskShape(graph, name, shape)]);
      graph.op("Identity", [flat], {}, ANSWER.mask);
      graph.output(ANSWER.mask, "UINT8", [batch, dimension(h, "mask_height"), dimension(w, "mask_width")]);
      return true;
    }
    case "top-k": {
      const float = datatype === "FP32" ? name : graph.op("Cast", [name], { to: elementTypeOf("FP32") });
      const flat = shape.length === 2 ? float : graph.op("Reshape", [float, graph.ints([0, -1])]);
      const scores = recipe.softmax === true ? graph.op("Softmax", [flat], { axis: 1 }) : flat;
      const best = `${ANSWER.classes}_int64`;
      graph.ops("TopK", [scores, graph.ints([topK])], { axis: 1, largest: 1, sorted: 1 }, [
        ANSWER.scores,
        best,
      ]);
      graph.op("Cast", [best], { to: elementTypeOf("INT32") }, ANSWER.classes);
      graph.output(ANSWER.scores, "FP32", [batch, topK]);
      graph.output(ANSWER.classes, "INT32", [batch, topK]);
      return true;
    }
  }
}

/** Where the sides of a mask are: not where the single channel is. */
function maskSides(shape: readonly number[]): readonly [number, number] {
  if (shape.length === 3) return [shape[1]!, shape[2]!];
  return shape[1] === 1 ? [shape[2]!, shape[3]!] : [shape[1]!, shape[2]!];
}

function addMaskShape(graph: GraphBuilder, name: string, shape: readonly number[]): string {
  const axes = shape[1] === 1 ? [0, 2, 3] : [0, 1, 2];
  return graph.op("Gather", [graph.op("Shape", [name]), graph.ints(axes)], { axis: 0 });
}
