import { describe, expect, it } from "vitest";
import { CONTENT } from "../../../src/core/parameters.ts";
import { packBytes, type Tensor } from "../../../src/core/tensor.ts";
import { type ServedModel, shapeRequest } from "../../../src/serving/request-shape.ts";

const model: ServedModel = {
  name: "seg",
  version: "1",
  maxBatchSize: 4,
  recipe: {
    colour: "rgb",
    layout: "nchw",
    scale: 1,
    mean: [0],
    std: [1],
    answer: "mask",
  },
  signature: {
    inputs: [{ name: "x", datatype: "FP32", shape: [-1, 3, -1, -1] }],
    outputs: [{ name: "y", datatype: "INT64", shape: [-1, -1, -1] }],
  },
};
const tensor: Tensor = { name: "x", datatype: "FP32", shape: [2, 3, 1, 1], data: new Uint8Array(24) };
const image = (content: string, shape: readonly number[]): Tensor => ({
  name: "image",
  datatype: "UINT8",
  shape,
  data: new Uint8Array(shape.reduce((product, size) => product * size, 1)),
  parameters: { [CONTENT]: content },
});
const jpeg: Tensor = {
  name: "image",
  datatype: "BYTES",
  shape: [1],
  data: packBytes([Uint8Array.of(0xff, 0xd8)]),
};

describe("shapeRequest", () => {
  it("recognises tensors, images and compressed images", () => {
    expect(shapeRequest(model, [tensor], undefined)).toMatchObject({ content: "tensor", elements: 2 });
    expect(shapeRequest(model, [image("rgb8", [1, 2, 4, 3])], undefined)).toMatchObject({
      content: "rgb8",
      elements: 1,
    });
    expect(shapeRequest(model, [image("bayer_gbrg8", [1, 2, 4, 1])], undefined).content).toBe("bayer_gbrg8");
    expect(shapeRequest(model, [jpeg], undefined)).toEqual({
      content: "compressed",
      elements: 1,
      batchKey: undefined,
    });
  });

  it("counts a request as one element where the first dimension is no batch", () => {
    expect(shapeRequest({ ...model, maxBatchSize: 0 }, [tensor], undefined).elements).toBe(1);
  });

  it("gives equal keys to what may run as one batch, whatever its batch and the image's name", () => {
    const key = (input: Tensor, outputs?: readonly { name: string }[]) =>
      shapeRequest(model, [input], outputs).batchKey;
    const small = image("rgb8", [1, 2, 4, 3]);
    expect(key(small)).toBe(key({ ...small, name: "other" }));
    expect(key(small)).not.toBe(key(image("bgr8", [1, 2, 4, 3])));
    expect(key(small)).not.toBe(key(image("rgb8", [1, 4, 2, 3])));
    const single = { ...tensor, shape: [1, 3, 1, 1], data: new Uint8Array(12) };
    expect(key(tensor)).toBe(key(single));
    expect(key(tensor)).not.toBe(key(tensor, [{ name: "y" }]));
    expect(shapeRequest({ ...model, maxBatchSize: 0 }, [tensor], undefined).batchKey).toBeUndefined();
  });

  it.each<[string, Tensor[], RegExp]>([
    ["no input", [], /expected 1 inputs but got 0/],
    ["another name", [{ ...tensor, name: "z" }], /unexpected inference input 'z'.*there is: x/],
    ["another datatype", [{ ...tensor, datatype: "INT32" }], /data-type is INT32.*expects FP32/],
    ["another rank", [{ ...tensor, shape: [24] }], /expected \[-1,3,-1,-1\], got \[24\]/],
    ["another fixed size", [{ ...tensor, shape: [1, 2, 3, 1] }], /unexpected shape/],
    ["bytes missing", [{ ...tensor, data: new Uint8Array(23) }], /expected 24 bytes/],
    ["too large a batch", [{ ...tensor, shape: [5, 3, 1, 1], data: new Uint8Array(60) }], /must be <= 4/],
    ["unknown content", [image("yuv422", [1, 2, 4, 2])], /wirebench_content must be tensor or one of rgb8/],
    ["wrong channels", [image("rgb8", [1, 2, 4, 1])], /expected rgb8 as UINT8 \[1,height,width,3\]/],
    ["wrong rank", [image("mono8", [2, 4])], /expected mono8 as UINT8/],
    ["an empty image", [image("mono8", [1, 0, 4, 1])], /expected mono8 as UINT8/],
    ["two images", [image("mono8", [1, 2, 4, 1]), tensor], /only input/],
    [
      "compressed [2]",
      [{ ...jpeg, shape: [2] }],
      /expected one compressed image, BYTES \[1\], got BYTES \[2\]/,
    ],
    ["two elements", [{ ...jpeg, data: new Uint8Array(8) }], /expected 1 BYTES elements/],
  ])("refuses %s with INVALID_ARGUMENT", (_case, inputs, message) => {
    expect(() => shapeRequest(model, inputs, undefined)).toThrow(
      expect.objectContaining({ status: "INVALID_ARGUMENT", message: expect.stringMatching(message) }),
    );
  });

  it("refuses an input twice where another one is missing", () => {
    const [input] = model.signature.inputs;
    const inputs = [input!, { ...input!, name: "second" }];
    const two: ServedModel = { ...model, recipe: "raw", signature: { ...model.signature, inputs } };
    expect(() => shapeRequest(two, [tensor, tensor], undefined)).toThrow(/input 'x' is in the request twice/);
  });

  it("refuses images without a recipe and unknown outputs", () => {
    const raw: ServedModel = { ...model, recipe: "raw" };
    expect(() => shapeRequest(raw, [jpeg], undefined)).toThrow(/no recipe/);
    expect(() => shapeRequest(model, [tensor], [{ name: "mask" }])).toThrow(/output 'mask'.*there is: y/);
  });
});
