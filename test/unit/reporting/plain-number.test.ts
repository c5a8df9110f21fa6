import fc from "fast-check";
import { expect, test } from "vitest";
import { plainNumber } from "../../../src/reporting/plain-number.ts";

test.each([
  [0, "0"],
  [-0, "0"],
  [10, "10"],
  [100_000_000, "100000000"],
  [1e15, "1000000000000000"],
  [0.5, "0.5"],
  [1e-9, "0"],
  [-1e-9, "0"],
  [-2.25, "-2.25"],
  [123.456_789_4, "123.456789"],
  [undefined, ""],
  [Number.NaN, ""],
  [Number.POSITIVE_INFINITY, ""],
])("%d is written %s", (value, text) => {
  expect(plainNumber(value)).toBe(text);
});

test("never an exponent, and read back it is the number to a millionth", () => {
  fc.assert(
    fc.property(fc.double({ min: -1e12, max: 1e12, noNaN: true }), (value) => {
      const text = plainNumber(value);
      expect(text).toMatch(/^-?\d+(\.\d*[1-9])?$/);
      expect(Math.abs(Number(text) - value)).toBeLessThanOrEqual(5.1e-7 + Math.abs(value) * 1e-15);
    }),
  );
});
