import fc from "fast-check";
import { expect, it } from "vitest";
import { fixedSix } from "../../../src/serving/fixed-six.ts";

/** What glibc's printf("%f") prints. */
it.each([
  [0, "0.000000"],
  [-0, "-0.000000"],
  [1, "1.000000"],
  [0.1, "0.100000"],
  [Math.fround(0.1), "0.100000"],
  [-1e-9, "-0.000000"],
  [0.9999999, "1.000000"],
  [123456.7890125, "123456.789012"],
  [2 ** 53, "9007199254740992.000000"],
  [1e21, "1000000000000000000000.000000"],
  [3.4028234663852886e38, "340282346638528859811704183484516925440.000000"],
  [Number.NaN, "nan"],
  [Number.POSITIVE_INFINITY, "inf"],
  [Number.NEGATIVE_INFINITY, "-inf"],
])("%d is %s", (value, text) => {
  expect(fixedSix(value)).toBe(text);
});

/** Ties, which JavaScript's toFixed rounds up. */
it.each([
  [0.0078125, "0.007812"],
  [0.0234375, "0.023438"],
  [-0.0078125, "-0.007812"],
  [1.0078125, "1.007812"],
  [12345.0234375, "12345.023438"],
])("the tie %d goes to the even digit: %s", (value, text) => {
  expect(fixedSix(value)).toBe(text);
});

it("is never further from the number than half a millionth", () => {
  const exact = fc.double({ min: -1e9, max: 1e9, noNaN: true });
  fc.assert(
    fc.property(exact, (value) => {
      expect(fixedSix(value)).toMatch(/^-?\d+\.\d{6}$/);
      expect(Math.abs(Number(fixedSix(value)) - value)).toBeLessThanOrEqual(
        5.0001e-7 + Math.abs(value) * 2e-16,
      );
    }),
  );
});
