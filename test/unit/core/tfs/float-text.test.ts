import fc from "fast-check";
import { expect, it } from "vitest";
import { floatTexts } from "../../../../src/core/tfs/float-text.ts";

const write = (value: number): string => floatTexts(Float32Array.of(value)).flat(0, 1);

it.each([
  [0.1, "0.1"],
  [0.2, "0.2"],
  [1, "1.0"],
  [-3, "-3.0"],
  [0, "0.0"],
  [-0, "-0.0"],
  [0.333333343, "0.333333343"],
  [123456.7, "123456.703"],
  [1e10, "10000000000.0"],
  [3e30, "2.999999894026671e+30"],
  [Number.NaN, "NaN"],
  [Number.NEGATIVE_INFINITY, "-Infinity"],
])("writes FP32 %d as %s", (value, text) => {
  expect(write(value)).toBe(text);
});

it("reads back to the same bits, for any FP32", () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true }), (value) => {
      const text = write(value);
      expect(Math.fround(Number(text))).toBe(value);
    }),
    { numRuns: 20_000 },
  );
});

it("has at most nine significant digits between a millionth and a million", () => {
  fc.assert(
    fc.property(fc.float({ min: Math.fround(1e-5), max: 999_999, noNaN: true }), (value) => {
      const digits = write(value).replace(/e.*/, "").replace(".", "").replace(/^0+/, "").replace(/0+$/, "");
      expect(digits.length).toBeLessThanOrEqual(9);
    }),
    { numRuns: 5_000 },
  );
});

it("writes rows in brackets", () => {
  expect(floatTexts(Float64Array.of(0.1, 2.5, 3, 4)).rows(0, 4, 2)).toBe("[0.1,2.5],[3.0,4.0]");
  expect(floatTexts(Float64Array.of(0.5, 0.25)).rows(0, 2, 1)).toBe("[0.5],[0.25]");
  expect(floatTexts(new Float32Array(0)).flat(0, 0)).toBe("");
});
