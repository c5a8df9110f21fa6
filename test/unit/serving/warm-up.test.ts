import { describe, expect, it } from "vitest";
import type { TensorMetadata } from "../../../src/core/metadata.ts";
import { checkTensor } from "../../../src/core/tensor.ts";
import type { Recipe } from "../../../src/serving/recipe.ts";
import type { ServedModel } from "../../../src/serving/request-shape.ts";
import { defaultWarmUp, warmUpTensors } from "../../../src/serving/warm-up.ts";

const recipe: Recipe = { colour: "rgb", layout: "nchw", scale: 1, mean: [0], std: [1], answer: "argmax" };
const model = (given: Recipe | "raw", ...inputs: readonly TensorMetadata[]): ServedModel => ({
  name: "m",
  version: "1",
  maxBatchSize: 0,
  recipe: given,
  signature: { inputs, outputs: [] },
});
const free: TensorMetadata = { name: "x", datatype: "FP32", shape: [-1, 3, -1, -1] };

describe("defaultWarmUp", () => {
  it("is the model's own tensors, and pictures where a recipe was given", () => {
    const contents = (...asked: Parameters<typeof defaultWarmUp>) =>
      defaultWarmUp(...asked).map(({ content }) => content);
    expect(contents("raw", true)).toEqual(["tensor"]);
    expect(contents(recipe, true)).toEqual(["tensor", "rgb8"]);
    expect(contents(recipe, false)).toEqual(["tensor"]);
  });
});

describe("warmUpTensors", () => {
  it("makes an image of the asked, else the recipe's, else the default size", () => {
    const sized = { ...recipe, size: { widthPx: 20, heightPx: 10 } };
    const shapeOf = (given: ServedModel, size = {}) =>
      warmUpTensors(given, { content: "bayer_rggb8", ...size }).tensors[0]?.shape;
    expect(shapeOf(model(sized, free), { widthPx: 6, heightPx: 4 })).toEqual([1, 4, 6, 1]);
    expect(shapeOf(model(sized, free))).toEqual([1, 10, 20, 1]);
    expect(shapeOf(model(recipe, free))).toEqual([1, 608, 968, 1]);
    const [image] = warmUpTensors(model(sized, free), { content: "rgb8" }).tensors;
    expect(new Set(image?.data).size).toBeGreaterThan(100);
  });

  it("fills a model's free dimensions by the recipe's layout and size", () => {
    const sized = { ...recipe, size: { widthPx: 20, heightPx: 10 } };
    const asked = { content: "tensor", widthPx: 99, heightPx: 99 } as const;
    const warm = warmUpTensors(model(sized, free), asked);
    expect(warm.tensors[0]?.shape).toEqual([1, 3, 10, 20]);
    expect(warm.guessed).toBe(false);
    expect(warmUpTensors(model(recipe, free), asked)).toMatchObject({
      tensors: [{ shape: [1, 3, 99, 99] }],
      guessed: false,
    });
    expect(warmUpTensors(model(recipe, free), { content: "tensor" }).guessed).toBe(true);
  });

  it("guesses without a recipe and says so; a free batch alone is no guess", () => {
    expect(warmUpTensors(model("raw", free), { content: "tensor" }).guessed).toBe(true);
    const fixed: TensorMetadata = { name: "x", datatype: "BYTES", shape: [-1, 2] };
    const warm = warmUpTensors(model("raw", fixed), { content: "tensor" });
    expect(warm.guessed).toBe(false);
    expect(warm.tensors[0]?.shape).toEqual([1, 2]);
    for (const tensor of warm.tensors) checkTensor(tensor);
  });
});
