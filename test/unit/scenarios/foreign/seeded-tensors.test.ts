import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkTensor, DATATYPE_BYTES, type Datatype, splitBytes } from "../../../../src/core/tensor.ts";
import { seededTensors } from "../../../../src/scenarios/foreign/seeded-tensors.ts";

const DATATYPES = Object.keys(DATATYPE_BYTES) as Datatype[];
const one = (datatype: Datatype, shape: readonly number[], seed = 1) => {
  const [tensor] = seededTensors([{ name: "x", datatype, shape }], seed);
  if (tensor === undefined) throw new Error("no tensor");
  return tensor;
};

describe("seededTensors", () => {
  it("fits every datatype and shape, the same for the same seed and not for another", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...DATATYPES),
        fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 4 }),
        (datatype, shape) => {
          const tensor = one(datatype, shape);
          checkTensor(tensor);
          expect(tensor.shape).toEqual(shape);
          expect(one(datatype, shape)).toEqual(tensor);
        },
      ),
    );
    expect(one("FP32", [64], 2).data).not.toEqual(one("FP32", [64], 1).data);
  });

  it("makes fractions of floating point and small numbers of integers", () => {
    const floats = new Float32Array(one("FP32", [4096]).data.buffer);
    expect(floats.every((value) => value >= 0 && value <= 1)).toBe(true);
    const mean = floats.reduce((sum, value) => sum + value, 0) / floats.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / 4096));
    const ids = new BigInt64Array(one("INT64", [4096]).data.buffer);
    expect(ids.every((id) => id >= 0n && id < 100n)).toBe(true);
    expect(new Set(ids).size).toBe(100);
    expect(new Set(one("BOOL", [64]).data)).toEqual(new Set([0, 1]));
    expect(new Set(one("UINT8", [65_536]).data).size).toBe(256);
  });

  it("writes halves and brain floats between 0 and 1", () => {
    const halves = new Uint16Array(one("FP16", [4096]).data.buffer);
    const values = [...halves].map((bits) => {
      const exponent = bits >> 10;
      const fraction = (bits & 0x3ff) / 1024;
      return exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15);
    });
    expect(values.every((value) => value >= 0 && value < 1 && Number.isInteger(value * 1024))).toBe(true);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / 4096));
    const brains = new Uint16Array(one("BF16", [256]).data.buffer);
    const wide = new Float32Array(Uint32Array.from(brains, (bits) => bits << 16).buffer);
    expect(wide.every((value) => value >= 0 && value < 1)).toBe(true);
  });

  it("makes texts", () => {
    const texts = splitBytes(one("BYTES", [3]).data).map((text) => Buffer.from(text).toString());
    expect(texts.every((text) => /^[a-z]{16}$/.test(text))).toBe(true);
    expect(new Set(texts).size).toBe(3);
  });
});
