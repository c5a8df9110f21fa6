import { channelsOf } from "../core/frame.ts";
import { DATATYPE_BYTES, elementCount, packBytes, type Tensor } from "../core/tensor.ts";
import type { Recipe } from "./recipe.ts";
import type { ServedModel } from "./request-shape.ts";
import type { WarmUpContent } from "./worker-protocol.ts";

/** The frame size where neither the caller nor the recipe says one, pixels. */
export const DEFAULT_FRAME = { widthPx: 968, heightPx: 608 } as const;

/**
 * What a model is run on before it is ready where the caller does not say: its own tensors, as any client may send them, and
 * pictures where its configuration says how. Each has a session of its own, and the weights once more.
 *
 * @param isGiven - whether somebody said the recipe; pictures to a model whose recipe was guessed are warmed by the first of them.
 */
export function defaultWarmUp(recipe: Recipe | "raw", isGiven: boolean): readonly WarmUpContent[] {
  const takesPictures = isGiven && recipe !== "raw";
  return [{ content: "tensor" }, ...(takesPictures ? [{ content: "rgb8" } as const] : [])];
}

/** Inputs to warm a session with. */
export interface WarmUpTensors {
  /** One image, or all inputs of the model. Images are noise (the same every time), tensors are zeros. */
  readonly tensors: readonly Tensor[];
  /** Free dimensions had to be guessed: the model may refuse them. */
  readonly guessed: boolean;
}

/** Inputs of the right size for one content; a batch of one. */
export function warmUpTensors(
  { recipe, signature }: ServedModel,
  { content, ...size }: WarmUpContent,
): WarmUpTensors {
  const recipeSize = recipe === "raw" ? undefined : recipe.size;
  const widthPx = size.widthPx ?? recipeSize?.widthPx ?? DEFAULT_FRAME.widthPx;
  const heightPx = size.heightPx ?? recipeSize?.heightPx ?? DEFAULT_FRAME.heightPx;
  if (content !== "tensor") {
    const shape = [1, heightPx, widthPx, channelsOf(content)];
    return {
      tensors: [{ name: "image", datatype: "UINT8", shape, data: noise(elementCount(shape)) }],
      guessed: false,
    };
  }
  const isSized = (size.widthPx ?? recipeSize) !== undefined;
  // Pre-processing resizes to the recipe's size, whatever the frame's.
  const net = recipeSize ?? { widthPx, heightPx };
  let guessed = false;
  const tensors = signature.inputs.map(({ name, datatype, shape }): Tensor => {
    const channelsFirst = recipe === "raw" ? shape[1] === 3 || shape[1] === 1 : recipe.layout === "nchw";
    const sizes = channelsFirst ? [1, 3, net.heightPx, net.widthPx] : [1, net.heightPx, net.widthPx, 3];
    const fixed = shape.map((dimension, axis) => {
      if (dimension >= 0) return dimension;
      if (axis === 0) return 1;
      if (recipe === "raw" || shape.length !== 4 || !isSized) guessed = true;
      return shape.length === 4 ? sizes[axis]! : 1;
    });
    const count = elementCount(fixed);
    const data =
      datatype === "BYTES"
        ? packBytes(Array.from({ length: count }, () => new Uint8Array(0)))
        : new Uint8Array(count * DATATYPE_BYTES[datatype]);
    return { name, datatype, shape: fixed, data };
  });
  return { tensors, guessed };
}

/** Noise of a fixed seed (an LCG of Numerical Recipes): a run on a flat image may take shortcuts. */
function noise(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = 1;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}
