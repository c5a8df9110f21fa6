import { TransportError } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";
import type { Recipe } from "../../serving/recipe.ts";

/** A class id for each pixel. */
export interface MaskAnswer {
  readonly kind: "mask";
  readonly widthPx: number;
  readonly heightPx: number;
  /** uint8, `[heightPx, widthPx]`. */
  readonly ids: Uint8Array;
}

/** The best classes, best first. */
export interface RankedAnswer {
  readonly kind: "top-k";
  readonly ranks: readonly { readonly id: number; readonly score: number }[];
}

/** What a model without a recipe, or with the answer `tensors`, gives. */
export interface TensorsAnswer {
  readonly kind: "tensors";
  readonly tensors: readonly Tensor[];
}

export type Answer = MaskAnswer | RankedAnswer | TensorsAnswer;

/**
 * What the outputs of one frame mean under the model's recipe.
 * @throws {TransportError} INTERNAL when the outputs are not what the recipe promises.
 */
export function readAnswer(outputs: readonly Tensor[], recipe: Recipe | "raw"): Answer {
  const answer = recipe === "raw" ? "tensors" : recipe.answer;
  switch (answer) {
    case "argmax":
    case "mask": {
      const { shape, data } = find(outputs, "mask", "UINT8");
      const [count, heightPx, widthPx] = shape;
      if (count !== 1 || heightPx === undefined || widthPx === undefined || shape.length !== 3) {
        throw new TransportError("INTERNAL", `expected a mask of shape [1,h,w], got [${shape}]`);
      }
      return { kind: "mask", widthPx, heightPx, ids: data };
    }
    case "top-k": {
      const scores = numbers(find(outputs, "scores", "FP32"), "getFloat32");
      const classes = numbers(find(outputs, "classes", "INT32"), "getInt32");
      return { kind: "top-k", ranks: classes.map((id, at) => ({ id, score: scores[at] ?? Number.NaN })) };
    }
    case "tensors":
      return { kind: "tensors", tensors: outputs };
  }
}

/** How much of a mask each class covers, largest first. */
export function classShares({ ids }: MaskAnswer): readonly { readonly id: number; readonly share: number }[] {
  const counts = new Uint32Array(256);
  for (const id of ids) counts[id] = (counts[id] ?? 0) + 1;
  return [...counts]
    .map((count, id) => ({ id, share: count / ids.length }))
    .filter(({ share }) => share > 0)
    .sort((a, b) => b.share - a.share);
}

function find(outputs: readonly Tensor[], name: string, datatype: Tensor["datatype"]): Tensor {
  const output = outputs.find((tensor) => tensor.name === name && tensor.datatype === datatype);
  if (output !== undefined) return output;
  const found = outputs.map((tensor) => `'${tensor.name}' ${tensor.datatype}`).join(", ");
  throw new TransportError("INTERNAL", `expected an output '${name}' ${datatype}, got ${found}`);
}

function numbers({ data }: Tensor, read: "getFloat32" | "getInt32"): number[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Array.from({ length: data.byteLength / 4 }, (_, at) => view[read](at * 4, true));
}
