import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { buildPipelineGraph } from "../../../../src/serving/graphs/pipeline-graph.ts";
import { countMacs, countParameters } from "../../../../src/serving/onnx/model-cost.ts";
import { type OnnxModel, readModel } from "../../../../src/serving/onnx/model-file.ts";
import { toNumber } from "../../../../src/serving/onnx/schema.ts";
import { readSignature } from "../../../../src/serving/onnx/signature.ts";
import { zooModel } from "../../../../src/serving/zoo/catalogue.ts";
import { divisible } from "../../../../src/serving/zoo/layers.ts";
import { createSeededWeights } from "../../../../src/serving/zoo/seeded-weights.ts";
import { separately } from "../separate-graphs.ts";
import { noiseBytes, runOnce } from "../tiny-nets.ts";

const ENTRY = zooModel("m1-small")!;

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

describe("m1-small", () => {
  let bytes: Uint8Array;
  let model: OnnxModel;
  beforeAll(() => {
    bytes = ENTRY.build(1);
    model = readModel(bytes);
  });

  it("is what the catalogue says, near the published size", async () => {
    expect(bytes.byteLength).toBe(ENTRY.bytes);
    expect(countParameters(model)).toBe(ENTRY.parameters);
    expect(readSignature(model)).toEqual(ENTRY.signature);
    expect(await countMacs(model, "input", [1, 608, 968, 3])).toBe(ENTRY.macs);
    expect(Math.abs(ENTRY.bytes / ENTRY.publishedBytes - 1)).toBeLessThan(0.1);
  });

  it("is the same for the same seed, to the byte, and another for another", () => {
    expect(sha256(ENTRY.build(1))).toBe(sha256(bytes));
    expect(sha256(ENTRY.build(2))).not.toBe(sha256(bytes));
    expect(ENTRY.build(2).byteLength).toBe(bytes.byteLength);
  });

  it("has the paper's layers: 11 bottlenecks, 9 with squeeze-excite, atrous 5x5 filters at the end", () => {
    const nodes = model.graph.node ?? [];
    const attribute = (node: (typeof nodes)[number], name: string) =>
      (node.attribute?.find((candidate) => candidate.name === name)?.ints ?? []).map(toNumber);
    const convs = nodes.filter(({ opType }) => opType === "Conv");
    const depthwise = convs.filter((node) =>
      node.attribute?.some(({ name, i }) => name === "group" && toNumber(i) > 1),
    );
    expect(depthwise.map((node) => attribute(node, "kernel_shape")[0])).toEqual([
      3, 3, 3, 5, 5, 5, 5, 5, 5, 5, 5,
    ]);
    expect(depthwise.map((node) => attribute(node, "dilations")[0])).toEqual([
      1, 1, 1, 1, 2, 2, 2, 2, 2, 4, 4,
    ]);
    expect(convs.filter((node) => attribute(node, "strides")[0] === 2)).toHaveLength(3);
    expect(nodes.filter(({ opType }) => opType === "HardSigmoid")).toHaveLength(9);
  });

  it("gives a mask of several classes, the same from a picture as from its own tensor", async () => {
    const coarse = noiseBytes(11 * 17 * 3, 5);
    const data = new Uint8Array(608 * 968 * 3);
    for (let y = 0; y < 608; y += 1) {
      for (let x = 0; x < 968; x += 1) {
        const from = (Math.floor(y / 60) * 17 + Math.floor(x / 60)) * 3;
        data.set(coarse.subarray(from, from + 3), (y * 968 + x) * 3);
      }
    }
    const tensor = { name: "input", datatype: "UINT8", shape: [1, 608, 968, 3], data } as const;
    const { ids } = await runOnce(bytes, tensor);
    const counts = new Map<number, number>();
    for (const id of ids!.data) counts.set(id, (counts.get(id) ?? 0) + 1);
    expect([...counts.values()].filter((count) => count > 608 * 968 * 0.01).length).toBeGreaterThanOrEqual(3);
    expect(Math.max(...counts.keys())).toBeLessThan(20);
    const fused = await runOnce(buildPipelineGraph(bytes, ENTRY.recipe, "rgb8"), {
      ...tensor,
      name: "image",
    });
    expect(Buffer.from(fused["mask"]!.data).equals(ids!.data)).toBe(true);
  });

  it("gives the same bytes fused and as three graphs, from a mosaic of another, odd size", async () => {
    const data = noiseBytes(301 * 203, 9);
    const image = { name: "image", datatype: "UINT8", shape: [1, 203, 301, 1], data } as const;
    const fused = await runOnce(buildPipelineGraph(bytes, ENTRY.recipe, "bayer_gbrg8"), image);
    expect(fused).toEqual(await separately(bytes, ENTRY.recipe, "bayer_gbrg8", image));
    expect(fused["mask"]?.shape).toEqual([1, 608, 968]);
  });
});

it("seeded weights have mean 0 and the deviation asked for", () => {
  const values = createSeededWeights(3).normal(100_000, 2);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  expect(Math.abs(mean)).toBeLessThan(0.03);
  expect(Math.sqrt(variance)).toBeCloseTo(2, 1);
});

it("channels are rounded as the paper's code does", () => {
  expect([16, 96, 120, 144, 240, 288, 576].map((exp) => divisible(exp / 4))).toEqual([
    8, 24, 32, 40, 64, 72, 144,
  ]);
});
