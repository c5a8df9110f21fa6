import { describe, expect, it } from "vitest";
import type { Tensor } from "../../../../src/core/tensor.ts";
import { classShares, readAnswer } from "../../../../src/scenarios/inference/answer.ts";
import type { Recipe } from "../../../../src/serving/recipe.ts";

const recipe = (answer: Recipe["answer"]): Recipe => ({
  colour: "rgb",
  layout: "nhwc",
  scale: 1,
  mean: [0],
  std: [1],
  answer,
});
const bytes = (array: ArrayBufferView): Uint8Array => new Uint8Array(array.buffer);
const mask: Tensor = { name: "mask", datatype: "UINT8", shape: [1, 1, 4], data: Uint8Array.of(2, 0, 2, 2) };

describe("readAnswer", () => {
  it("reads a mask, of whichever recipe makes one", () => {
    const expected = { kind: "mask", widthPx: 4, heightPx: 1, ids: mask.data };
    expect(readAnswer([mask], recipe("mask"))).toEqual(expected);
    expect(readAnswer([mask], recipe("argmax"))).toEqual(expected);
  });

  it("reads scores and classes from bytes at any offset", () => {
    const data = new Uint8Array(9);
    data.set(bytes(Float32Array.of(0.75, 0.25)), 1);
    const scores: Tensor = { name: "scores", datatype: "FP32", shape: [1, 2], data: data.subarray(1) };
    const classes: Tensor = {
      name: "classes",
      datatype: "INT32",
      shape: [1, 2],
      data: bytes(Int32Array.of(7, 3)),
    };
    expect(readAnswer([scores, classes], recipe("top-k"))).toEqual({
      kind: "top-k",
      ranks: [
        { id: 7, score: 0.75 },
        { id: 3, score: 0.25 },
      ],
    });
  });

  it("leaves tensors as they are", () => {
    expect(readAnswer([mask], "raw")).toEqual({ kind: "tensors", tensors: [mask] });
    expect(readAnswer([mask], recipe("tensors"))).toEqual({ kind: "tensors", tensors: [mask] });
  });

  it("refuses outputs that are not the recipe's", () => {
    expect(() => readAnswer([mask], recipe("top-k"))).toThrow(
      "expected an output 'scores' FP32, got 'mask' UINT8",
    );
    expect(() => readAnswer([{ ...mask, shape: [2, 1, 2] }], recipe("mask"))).toThrow("shape [1,h,w]");
  });
});

it("classShares are sorted and add up", () => {
  expect(classShares({ kind: "mask", widthPx: 4, heightPx: 1, ids: mask.data })).toEqual([
    { id: 2, share: 0.75 },
    { id: 0, share: 0.25 },
  ]);
});
