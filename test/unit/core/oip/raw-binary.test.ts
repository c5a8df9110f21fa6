import { describe, expect, it } from "vitest";
import type { ModelMetadata, TensorMetadata } from "../../../../src/core/metadata.ts";
import { rawBinaryRequest } from "../../../../src/core/oip/raw-binary.ts";

const model = (...inputs: TensorMetadata[]): ModelMetadata => ({
  name: "m",
  versions: ["1"],
  platform: "p",
  inputs,
  outputs: [],
});
const x = (datatype: TensorMetadata["datatype"], ...shape: number[]): TensorMetadata => ({
  name: "x",
  datatype,
  shape,
});
const bytes = new Uint8Array(24);
const UNBATCHED = { maxBatchSize: 0 };

describe("rawBinaryRequest", () => {
  it("takes the one free dimension from the number of bytes", () => {
    const { request, binaryOutputs } = rawBinaryRequest(model(x("FP32", -1, 2)), bytes, {
      modelVersion: "1",
      maxBatchSize: 0,
    });
    expect(request).toEqual({
      modelName: "m",
      modelVersion: "1",
      id: "",
      inputs: [{ name: "x", datatype: "FP32", shape: [3, 2], data: bytes }],
    });
    expect(binaryOutputs.byDefault).toBe(true);
    expect(rawBinaryRequest(model(x("INT8", 24)), bytes, UNBATCHED).request.inputs[0]?.shape).toEqual([24]);
  });

  it("sends a batch of 1 where the first dimension is a batch", () => {
    const shapeOf = (input: TensorMetadata) =>
      rawBinaryRequest(model(input), bytes, { maxBatchSize: 8 }).request.inputs[0]?.shape;
    expect(shapeOf(x("FP32", -1, -1))).toEqual([1, 6]);
    expect(shapeOf(x("FP32", -1, 6))).toEqual([1, 6]);
    expect(shapeOf(x("BYTES", -1, 1))).toEqual([1, 1]);
    expect(() => shapeOf(x("FP32", -1, 2))).toThrow("24 bytes do not fit FP32 of shape [1,2]");
  });

  it("takes BYTES as one element and puts its length in front", () => {
    const { request } = rawBinaryRequest(model(x("BYTES", -1)), Uint8Array.of(9, 8), UNBATCHED);
    expect(request.inputs[0]).toEqual({
      name: "x",
      datatype: "BYTES",
      shape: [1],
      data: Uint8Array.of(2, 0, 0, 0, 9, 8),
    });
  });

  it.each([
    ["has more than one free dimension", model(x("UINT8", -1, -1))],
    ["the model must have exactly one input, it has 2", model(x("UINT8", -1), x("UINT8", -1))],
    ["the model must have exactly one input, it has 0", model()],
    ["24 bytes do not fit FP32 of shape [-1,5]", model(x("FP32", -1, 5))],
    ["24 bytes do not fit FP32 of shape [5]", model(x("FP32", 5))],
    ["24 bytes do not fit UINT8 of shape [12]", model(x("UINT8", 12))],
    ["24 bytes do not fit UINT8 of shape [-1,0]", model(x("UINT8", -1, 0))],
    ["one element does not fit the shape [2]", model(x("BYTES", 2))],
  ])("refuses: %s", (message, metadata) => {
    expect(() => rawBinaryRequest(metadata, bytes, UNBATCHED)).toThrow(
      expect.objectContaining({
        status: "INVALID_ARGUMENT",
        message: expect.stringContaining(message) as string,
      }),
    );
  });
});
