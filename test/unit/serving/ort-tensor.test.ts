import fc from "fast-check";
import { expect, it } from "vitest";
import { DATATYPE_BYTES, type Datatype, packBytes, type Tensor } from "../../../src/core/tensor.ts";
import { fromOrtTensor, toOrtTensor } from "../../../src/serving/ort-tensor.ts";

const NUMERIC = (Object.keys(DATATYPE_BYTES) as Datatype[]).filter(
  (name) => name !== "BYTES" && name !== "BF16",
);

it("keeps every byte of every datatype, wherever the bytes lie", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...NUMERIC),
      fc.integer({ min: 0, max: 9 }),
      fc.integer({ min: 0, max: 7 }),
      (datatype, count, offset) => {
        const size = DATATYPE_BYTES[datatype];
        const memory = Uint8Array.from({ length: offset + count * size }, (_, at) => (at * 37 + 1) % 128);
        const tensor: Tensor = { name: "t", datatype, shape: [count, 1], data: memory.subarray(offset) };
        const back = fromOrtTensor("t", toOrtTensor(tensor));
        expect(back).toEqual({ ...tensor, data: new Uint8Array(tensor.data) });
      },
    ),
  );
});

it("does not copy bytes that typed arrays can use", () => {
  const data = new Uint8Array(16);
  const tensor: Tensor = { name: "t", datatype: "FP32", shape: [4], data };
  expect(fromOrtTensor("t", toOrtTensor(tensor)).data.buffer).toBe(data.buffer);
});

it("copies out of shared memory, which the runtime refuses", () => {
  const data = new Uint8Array(new SharedArrayBuffer(4)).fill(9);
  const ort = toOrtTensor({ name: "t", datatype: "UINT8", shape: [4], data });
  expect((ort.data as Uint8Array).buffer).toBeInstanceOf(ArrayBuffer);
  expect([...(ort.data as Uint8Array)]).toEqual([9, 9, 9, 9]);
});

it("BYTES are texts there and back", () => {
  const data = packBytes(["Zürich", "", "\uFEFFa"].map((text) => new TextEncoder().encode(text)));
  const tensor: Tensor = { name: "t", datatype: "BYTES", shape: [3], data };
  expect(toOrtTensor(tensor).data).toEqual(["Zürich", "", "\uFEFFa"]);
  expect(fromOrtTensor("t", toOrtTensor(tensor))).toEqual(tensor);
});

it.each([
  [
    "are not UTF-8",
    [0xff, 0xd8],
    "tensor 't': BYTES element 1 is not UTF-8, and ONNX Runtime takes texts alone",
  ],
  ["hold a NUL", [97, 0, 98], "tensor 't': BYTES element 1 holds a NUL, at which ONNX Runtime ends a text"],
])("refuses BYTES that %s, which would come out changed", (_case, bytes, message) => {
  const data = packBytes([Uint8Array.of(97), Uint8Array.from(bytes)]);
  expect(() => toOrtTensor({ name: "t", datatype: "BYTES", shape: [2], data })).toThrow(
    expect.objectContaining({ status: "INVALID_ARGUMENT", message }),
  );
});

it("refuses BF16", () => {
  const tensor: Tensor = { name: "t", datatype: "BF16", shape: [1], data: new Uint8Array(2) };
  expect(() => toOrtTensor(tensor)).toThrow(/BF16 cannot be served/);
});
