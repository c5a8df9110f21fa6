import { describe, expect, it } from "vitest";
import { channelsOf, PIXEL_ENCODINGS, type PixelEncoding } from "../../../../src/core/frame.ts";
import type { Tensor } from "../../../../src/core/tensor.ts";
import {
  buildPipelineGraph,
  buildPostprocessGraph,
  buildPreprocessGraph,
} from "../../../../src/serving/graphs/pipeline-graph.ts";
import { readModel } from "../../../../src/serving/onnx/model-file.ts";
import { readSignature } from "../../../../src/serving/onnx/signature.ts";
import type { Recipe } from "../../../../src/serving/recipe.ts";
import { toRgb } from "../../../../src/vision/to-rgb.ts";
import { separately } from "../separate-graphs.ts";
import { noiseBytes, runOnce, tinyNet } from "../tiny-nets.ts";

const RECIPE: Recipe = {
  colour: "rgb",
  layout: "nhwc",
  scale: 1,
  mean: [0],
  std: [1],
  answer: "argmax",
};
const IMAGENET = {
  scale: 1 / 255,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
} as const;

function picture(content: PixelEncoding, widthPx: number, heightPx: number, seed = 1): Tensor {
  const channels = channelsOf(content);
  const data = noiseBytes(widthPx * heightPx * channels, seed);
  return { name: "image", datatype: "UINT8", shape: [1, heightPx, widthPx, channels], data };
}

function floats(tensor: Tensor | undefined): number[] {
  return [...new Float32Array(tensor!.data.slice().buffer)];
}

describe("a fused pipeline", () => {
  const nets = {
    "float NHWC scores": [tinyNet(), RECIPE],
    "float NCHW scores, ImageNet, BGR": [
      tinyNet({ layout: "nchw" }),
      { ...RECIPE, layout: "nchw", colour: "bgr", ...IMAGENET },
    ],
    "uint8 mask, resized": [
      tinyNet({ datatype: "UINT8", answer: "mask" }),
      { ...RECIPE, answer: "mask", size: { widthPx: 12, heightPx: 10 } },
    ],
    "classes with softmax": [
      tinyNet({ answer: "classes" }),
      { ...RECIPE, answer: "top-k", topK: 3, softmax: true },
    ],
    "plain tensors": [tinyNet(), { ...RECIPE, answer: "tensors" }],
    "operator set 11": [tinyNet({ opset: 11 }), { ...RECIPE, size: { widthPx: 7, heightPx: 9 } }],
    "names that clash": [
      tinyNet({ input: "image", output: "mask", answer: "mask" }),
      { ...RECIPE, answer: "mask" },
    ],
  } as const satisfies Record<string, readonly [Uint8Array, Recipe]>;

  it.each(Object.entries(nets))(
    "of %s gives the bytes of the separate graphs, for every content",
    async (_, net) => {
      const [model, recipe] = net;
      for (const content of PIXEL_ENCODINGS) {
        const image = picture(content, 13, 11);
        const fused = await runOnce(buildPipelineGraph(model, recipe, content), image);
        expect(fused).toEqual(await separately(model, recipe, content, image));
      }
    },
  );

  it.each(PIXEL_ENCODINGS)("answers %s as it answers the same picture as rgb8", async (content) => {
    const [model, recipe] = nets["uint8 mask, resized"];
    const image = picture(content, 14, 9);
    const pixels = { widthPx: 14, heightPx: 9, encoding: content, data: image.data };
    const rgb = { ...image, shape: [1, 9, 14, 3], data: toRgb(pixels) };
    const answer = await runOnce(buildPipelineGraph(model, recipe, content), image);
    expect(answer).toEqual(await runOnce(buildPipelineGraph(model, recipe, "rgb8"), rgb));
    expect(answer["mask"]?.shape).toEqual([1, 10, 12]);
    expect(new Set(answer["mask"]?.data).size).toBeGreaterThan(1);
  });

  it.each(PIXEL_ENCODINGS)("made for the pictures' size gives the same, %s", async (content) => {
    const [model, recipe] = nets["uint8 mask, resized"];
    const frame = { widthPx: 12, heightPx: 10 };
    const image = picture(content, 12, 10);
    const sized = await runOnce(buildPipelineGraph(model, recipe, content, frame), image);
    expect(sized).toEqual(await runOnce(buildPipelineGraph(model, recipe, content), image));
  });

  it("takes several pictures where the net's batch is free", async () => {
    const net = tinyNet({ batch: "n", answer: "mask" });
    const graph = buildPipelineGraph(net, { ...RECIPE, answer: "mask" }, "bayer_grbg8");
    const images = [1, 2].map((seed) => picture("bayer_grbg8", 9, 7, seed));
    const both = { ...images[0]!, shape: [2, 7, 9, 1], data: Buffer.concat(images.map(({ data }) => data)) };
    const apart = await Promise.all(images.map((image) => runOnce(graph, image)));
    const together = (await runOnce(graph, both))["mask"]!;
    expect(together.shape).toEqual([2, 7, 9]);
    expect(Buffer.concat(apart.map((answer) => answer["mask"]!.data)).equals(together.data)).toBe(true);
  });
});

describe("preparation", () => {
  it("computes (x * scale - mean) / std in the order of the recipe's colours", async () => {
    const recipe: Recipe = { ...RECIPE, layout: "nchw", colour: "bgr", ...IMAGENET };
    const signature = readSignature(readModel(tinyNet({ layout: "nchw" })));
    const image = { ...picture("rgb8", 1, 1), data: Uint8Array.of(10, 20, 30) };
    const prepared = await runOnce(buildPreprocessGraph(recipe, "rgb8", signature), image);
    const expected = [30, 20, 10].map((byte, at) => (byte / 255 - IMAGENET.mean[at]!) / IMAGENET.std[at]!);
    const found = floats(prepared["input"]);
    for (const [at, value] of expected.entries()) expect(found[at]).toBeCloseTo(value, 5);
  });

  it("resizes bilinearly with half-pixel centres, rounding half up for bytes", async () => {
    const recipe: Recipe = { ...RECIPE, answer: "tensors", size: { widthPx: 4, heightPx: 1 } };
    const signature = readSignature(readModel(tinyNet({ datatype: "UINT8", answer: "same" })));
    const image = {
      name: "image",
      datatype: "UINT8",
      shape: [1, 1, 2, 1],
      data: Uint8Array.of(0, 102),
    } as const;
    const prepared = await runOnce(buildPreprocessGraph(recipe, "mono8", signature), image);
    expect([...prepared["input"]!.data]).toEqual([0, 0, 0, 26, 26, 26, 77, 77, 77, 102, 102, 102]);
  });

  it("refuses a recipe that does not fit, saying why", () => {
    const signature = readSignature(readModel(tinyNet({ size: [10, 20] })));
    const build = (recipe: Partial<Recipe>) => () =>
      buildPreprocessGraph({ ...RECIPE, ...recipe }, "rgb8", signature);
    expect(build({ layout: "nchw" })).toThrow(
      "layout nchw expects 3 channels, input 'input' is FP32 [1, 10, 20, 3]",
    );
    expect(build({ size: { widthPx: 5, heightPx: 5 } })).toThrow(
      "size 5x5, but input 'input' is FP32 [1, 10, 20, 3]",
    );
    expect(() => buildPipelineGraph(tinyNet({ opset: 10 }), RECIPE, "rgb8")).toThrow("the model has 10");
    expect(() => buildPipelineGraph(tinyNet(), { ...RECIPE, answer: "mask" }, "rgb8")).toThrow(
      "can give 'mask'",
    );
  });
});

describe("the finish", () => {
  const scores = (values: readonly number[]): Tensor => ({
    name: "scores_in",
    datatype: "FP32",
    shape: [1, values.length],
    data: new Uint8Array(Float32Array.from(values).buffer),
  });
  const signature = {
    inputs: [],
    outputs: [{ name: "scores_in", datatype: "FP32", shape: [1, 4] }],
  } as const;

  it("names the best classes first, never more than there are", async () => {
    const graph = buildPostprocessGraph({ ...RECIPE, answer: "top-k" }, signature)!;
    const answer = await runOnce(graph, scores([0.1, 0.4, 0.2, 0.3]));
    expect([...new Int32Array(answer["classes"]!.data.slice().buffer)]).toEqual([1, 3, 2, 0]);
    expect(floats(answer["scores"])).toEqual([0.4, 0.3, 0.2, 0.1].map(Math.fround));
  });

  it("turns logits into probabilities where the recipe says so", async () => {
    const graph = buildPostprocessGraph({ ...RECIPE, answer: "top-k", topK: 2, softmax: true }, signature)!;
    const answer = await runOnce(graph, scores([1, 3, 2, 0]));
    const sum = [1, 3, 2, 0].reduce((total, value) => total + Math.exp(value), 0);
    expect(floats(answer["scores"])[0]).toBeCloseTo(Math.exp(3) / sum, 5);
    expect(floats(answer["scores"])[1]).toBeCloseTo(Math.exp(2) / sum, 5);
  });

  it("takes masks of [1, 1, h, w] and [1, h, w, 1]", async () => {
    const data = new Uint8Array(BigInt64Array.from([0n, 1n, 2n, 3n, 4n, 5n]).buffer);
    for (const shape of [
      [1, 1, 2, 3],
      [1, 2, 3, 1],
    ]) {
      const outputs = [
        { name: "ids", datatype: "INT64", shape: shape.map((size) => (size === 1 ? 1 : -1)) },
      ] as const;
      const graph = buildPostprocessGraph({ ...RECIPE, answer: "mask" }, { inputs: [], outputs })!;
      const answer = await runOnce(graph, { name: "ids", datatype: "INT64", shape, data });
      expect(answer["mask"]).toMatchObject({ datatype: "UINT8", shape: [1, 2, 3] });
      expect([...answer["mask"]!.data]).toEqual([0, 1, 2, 3, 4, 5]);
    }
  });
});
