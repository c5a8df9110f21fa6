import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../src/core/errors.ts";
import { guessRecipe } from "../../../src/serving/guess-recipe.ts";
import { createModel, GraphBuilder } from "../../../src/serving/onnx/graph-builder.ts";
import { readModel } from "../../../src/serving/onnx/model-file.ts";
import { readSignature } from "../../../src/serving/onnx/signature.ts";
import { parseRecipe } from "../../../src/serving/recipe.ts";
import { type TinyNetOptions, tinyNet } from "./tiny-nets.ts";

describe("a recipe", () => {
  it("fills in what is not said", () => {
    expect(parseRecipe({ layout: "nhwc", answer: "mask" }, "r.json")).toEqual({
      colour: "rgb",
      layout: "nhwc",
      scale: 1,
      mean: [0],
      std: [1],
      answer: "mask",
    });
  });

  it("names every problem at once, with its path", () => {
    const wrong = { layout: "hwc", scale: "1", mean: [1, 2], std: [0], answer: "mask", extra: 1 };
    let problems: readonly { path: string }[] = [];
    try {
      parseRecipe(wrong, "r.json");
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      problems = (error as ConfigError).problems;
    }
    const paths = problems.map(({ path }) => path).sort();
    expect(paths).toEqual(["r.json", "r.json.layout", "r.json.mean", "r.json.scale", "r.json.std.0"]);
  });
});

function guess(options: TinyNetOptions) {
  const model = readModel(tinyNet(options));
  return guessRecipe(readSignature(model), model).recipe;
}

describe("a guess", () => {
  it("takes float NHWC as bytes, float NCHW as ImageNet, uint8 as it is", () => {
    expect(guess({})).toMatchObject({ layout: "nhwc", scale: 1, answer: "argmax" });
    expect(guess({ layout: "nchw" })).toMatchObject({
      layout: "nchw",
      scale: 1 / 255,
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
    });
    expect(guess({ layout: "nchw", datatype: "UINT8" })).toMatchObject({ scale: 1, mean: [0] });
  });

  it("takes the size of a fixed input, and the answer of the output's shape", () => {
    expect(guess({ size: [6, 8], answer: "mask" })).toMatchObject({
      size: { widthPx: 8, heightPx: 6 },
      answer: "mask",
    });
    expect(guess({ answer: "classes" })).toMatchObject({ answer: "top-k", softmax: true });
    expect(guess({ answer: "classes" })).not.toHaveProperty("size");
  });

  it("sees a Softmax through what follows it", () => {
    const graph = new GraphBuilder("");
    const input = graph.input("x", "FP32", [1, 4, 4, 3]);
    const flat = graph.op("Flatten", [input]);
    graph.op("Identity", [graph.op("Softmax", [flat], { axis: 1 })], {}, "y");
    graph.output("y", "FP32", [1, 48]);
    const model = createModel(graph.graph("net"), 17);
    const { recipe } = guessRecipe(readSignature(model), model);
    expect(recipe).toMatchObject({ answer: "top-k" });
    expect(recipe).not.toHaveProperty("softmax");
  });

  it("is raw for an input that is no picture, and says what it guessed", () => {
    const signature = { inputs: [{ name: "x", datatype: "FP32", shape: [1, 8] }], outputs: [] } as const;
    const { recipe, guesses } = guessRecipe(signature);
    expect(recipe).toBe("raw");
    expect(guesses.join()).toContain("raw");
  });
});
