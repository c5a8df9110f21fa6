import { expect, it } from "vitest";
import { median } from "../../../../src/recording/statistics/median.ts";

it("is the middle value, or the mean of both", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median(Float64Array.of(4, 1, 3, 2))).toBe(2.5);
  expect(() => median([])).toThrow(RangeError);
});
