import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ServingError } from "../../../../src/core/errors.ts";
import { intConstant, readInts } from "../../../../src/serving/onnx/constant.ts";
import { freeBatch } from "../../../../src/serving/onnx/free-batch.ts";
import { createModel, GraphBuilder } from "../../../../src/serving/onnx/graph-builder.ts";
import { renameValues } from "../../../../src/serving/onnx/merge-graphs.ts";
import { countMacs, countParameters } from "../../../../src/serving/onnx/model-cost.ts";
import { opsetOf, readModel, writeModel } from "../../../../src/serving/onnx/model-file.ts";
import { readSignature } from "../../../../src/serving/onnx/signature.ts";
import { runOnce, tinyNet } from "../tiny-nets.ts";

describe("an ONNX file", () => {
  it("is read with its weights as views into the file", () => {
    const bytes = tinyNet();
    const { graph } = readModel(bytes);
    expect(graph.initializer?.[0]?.rawData?.buffer).toBe(bytes.buffer);
    expect(graph.initializer?.[0]?.rawData?.byteLength).toBe(4 * 27 * 4);
  });

  it("is written as it was read", () => {
    const bytes = tinyNet({ answer: "mask" });
    expect(Buffer.from(writeModel(readModel(bytes))).equals(bytes)).toBe(true);
    expect(opsetOf(readModel(bytes))).toBe(17);
  });

  it("keeps names, lists and int64 beyond 2^53 that it does not look at", () => {
    const model = readModel(tinyNet());
    const big = { toNumber: () => 0, low: 1, high: 0x40000000, unsigned: false };
    model.graph.node![0]!.attribute!.push({ name: "big", type: 7, ints: [big] });
    const again = readModel(writeModel(model));
    expect(again.graph.node![0]!.attribute!.at(-1)?.ints?.[0]).toMatchObject({ low: 1, high: 0x40000000 });
  });

  it("is refused with a ServingError, whatever the bytes are", () => {
    expect(() => readModel(Buffer.from("# a text\n"))).toThrow(ServingError);
    expect(() => readModel(new Uint8Array())).toThrow("not an ONNX model");
    const bytes = tinyNet();
    fc.assert(
      fc.property(fc.nat(bytes.byteLength - 1), fc.nat(255), fc.boolean(), (at, byte, cut) => {
        const broken = cut ? bytes.slice(0, at) : bytes.slice();
        if (!cut) broken[at] = byte;
        try {
          readModel(broken);
        } catch (error) {
          expect(error).toBeInstanceOf(ServingError);
        }
      }),
    );
  });
});

describe("a signature", () => {
  it("says -1 for free dimensions, and passes over weights listed as inputs", () => {
    const model = readModel(tinyNet({ batch: "n", answer: "mask" }));
    model.graph.input!.push({ name: model.graph.initializer![0]!.name! });
    expect(readSignature(readModel(writeModel(model)))).toEqual({
      inputs: [{ name: "input", datatype: "FP32", shape: [-1, -1, -1, 3] }],
      outputs: [{ name: "output", datatype: "INT64", shape: [-1, -1, -1] }],
    });
  });
});

describe("what a run costs", () => {
  it("is counted by hand for a convolution, grouped and strided, and a Gemm", async () => {
    const graph = new GraphBuilder("");
    const input = graph.input("x", "FP32", [1, 4, 9, 7]);
    const conv = graph.op(
      "Conv",
      [input, graph.floats(new Float32Array(8 * 2 * 9), [8, 2, 3, 3]), graph.floats(new Float32Array(8))],
      { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], group: 2 },
    );
    const flat = graph.op("Flatten", [graph.op("GlobalAveragePool", [conv])]);
    graph.op("Gemm", [flat, graph.floats(new Float32Array(5 * 8), [5, 8])], { transB: 1 }, "y");
    graph.output("y", "FP32", [1, 5]);
    const model = createModel(graph.graph("net"), 17);
    // The convolution's output is 8 x 5 x 4, each of 2 x 3 x 3 products; the Gemm has 5 outputs of 8.
    expect(await countMacs(model, "x", [1, 4, 9, 7])).toBe(8 * 5 * 4 * 18 + 5 * 8);
    expect(countParameters(model)).toBe(8 * 2 * 9 + 8 + 5 * 8);
  });

  it("sees quantised weights behind DequantizeLinear, without their scales", async () => {
    const graph = new GraphBuilder("");
    const input = graph.input("x", "FP32", [1, 2, 4, 4]);
    const weights = graph.op("Cast", [graph.floats(new Float32Array(6), [3, 2, 1, 1])], { to: 2 });
    const dequantised = graph.op("DequantizeLinear", [weights, graph.floats([0.5], [])]);
    graph.op("Conv", [input, dequantised], { kernel_shape: [1, 1] }, "y");
    graph.output("y", "FP32", [1, 3, 4, 4]);
    const model = createModel(graph.graph("net"), 17);
    expect(countParameters(model)).toBe(6);
    expect(await countMacs(model, "x", [1, 2, 4, 4])).toBe(3 * 16 * 2);
  });
});

describe("a freed batch", () => {
  it("gives inputs, outputs and Reshape targets that begin with 1 a free first dimension", async () => {
    const graph = new GraphBuilder("");
    const input = graph.input("x", "FP32", [1, 2, 3]);
    graph.op("Reshape", [input, graph.ints([1, 6])], {}, "y");
    graph.output("y", "FP32", [1, 6]);
    const freed = freeBatch(createModel(graph.graph("net"), 17))!;
    expect(readSignature(readModel(writeModel(freed))).outputs[0]?.shape).toEqual([-1, 6]);
    const data = new Uint8Array(Float32Array.from({ length: 12 }, (_, index) => index).buffer);
    const answer = await runOnce(writeModel(freed), { name: "x", datatype: "FP32", shape: [2, 2, 3], data });
    expect(answer["y"]?.shape).toEqual([2, 6]);
    expect(Buffer.from(answer["y"]!.data).equals(data)).toBe(true);
  });

  it("is none where the batch is free already", () => {
    expect(freeBatch(readModel(tinyNet({ batch: "n" })))).toBeUndefined();
  });
});

it("renaming reaches into subgraphs", () => {
  const inner = { node: [{ opType: "Neg", input: ["a"], output: ["b"] }] };
  const graph = {
    input: [{ name: "a" }],
    node: [{ opType: "If", input: ["a"], output: ["c"], attribute: [{ name: "then_branch", g: inner }] }],
  };
  const renamed = renameValues(graph, new Map([["a", "z"]]));
  expect(renamed.input?.[0]?.name).toBe("z");
  expect(renamed.node?.[0]?.attribute?.[0]?.g?.node?.[0]).toMatchObject({ input: ["z"], output: ["b"] });
  expect(graph.node[0]?.input).toEqual(["a"]);
});

it("integers are read from raw bytes as from lists", () => {
  expect(readInts(intConstant("a", [1, -1, 2 ** 40]))).toEqual([1, -1, 2 ** 40]);
  expect(readInts({ dataType: 7, int64Data: [3, 4] })).toEqual([3, 4]);
});
