import fc from "fast-check";
import { expect, test } from "vitest";
import { blocksOf, middleOf } from "../../../src/recording/blocks.ts";
import { inBlocks } from "./made-series.ts";

test("every finite value is in one block, in order, and the blocks are about equal", () => {
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 2000 }), (count) => {
      const values = Float64Array.from({ length: count }, (_, row) => (row % 7 === 3 ? Number.NaN : row));
      const blocks = blocksOf(values, values, 0);
      const finite = values.filter((value) => !Number.isNaN(value));
      if (blocks === undefined) {
        expect(finite.length).toBeLessThan(100);
        return;
      }
      const { counts, sumsNs } = blocks;
      expect(counts.length).toBe(Math.min(32, Math.floor(finite.length / 10)));
      expect(counts.reduce((sum, n) => sum + n, 0)).toBe(finite.length);
      expect(sumsNs.reduce((sum, n) => sum + n, 0)).toBe(finite.reduce((sum, n) => sum + n, 0));
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    }),
  );
});

test("a block has its sum, median and time", () => {
  const { counts, sumsNs, mediansNs, timesNs, squaresNs2 } = inBlocks(
    Float64Array.from({ length: 100 }, (_, row) => row + 1),
  );
  expect(counts).toEqual(new Array(10).fill(10));
  expect(sumsNs[1]).toBe(155);
  expect(mediansNs[1]).toBe(16);
  expect(timesNs[1]).toBe(14.5e6);
  expect(squaresNs2).toBeCloseTo((100 * 9999) / 12, 6);
});

test("fewer than 100 values are too few, and infinite ones do not count", () => {
  const values = new Float64Array(100).fill(1);
  values[5] = Number.POSITIVE_INFINITY;
  expect(blocksOf(values, values, 0)).toBeUndefined();
});

test("the middle of an even number lies between two", () => {
  expect(middleOf([1, 2, 10])).toBe(2);
  expect(middleOf([1, 2, 4, 10])).toBe(3);
});

test("a long run's blocks take about a kilobyte", () => {
  const values = Float64Array.from({ length: 1e5 }, (_, row) => 5e6 + (row % 1000) * 12345.678);
  expect(JSON.stringify(inBlocks(values)).length).toBeLessThan(1500);
});
