import fc from "fast-check";
import { expect, test } from "vitest";
import { distributionOf, mergeDistributions, quantiles } from "../../../src/recording/distribution.ts";

const nanoseconds = fc.integer({ min: -5_000_000, max: 5_000_000_000 });
const of = (...values: readonly number[]): ReturnType<typeof distributionOf> =>
  distributionOf(Float64Array.from(values));

test("sums are exact and ranks are nearest rank, negative values included", () => {
  fc.assert(
    fc.property(fc.array(nanoseconds, { minLength: 1, maxLength: 80 }), (values) => {
      const distribution = of(...values);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      expect(distribution.sumNs / distribution.count).toBeCloseTo(mean, 6);
      expect(distribution.maxNs).toBe(Math.max(...values));
      const sorted = values.toSorted((a, b) => a - b);
      const at = quantiles(distribution);
      for (const perMille of [1, 500, 900, 990, 999, 1000]) {
        const expected = sorted[Math.max(1, Math.ceil((perMille * values.length) / 1000)) - 1]!;
        const found = at(perMille);
        if (typeof found === "string") throw new Error(found);
        expect(Math.abs(found.ns - expected)).toBeLessThanOrEqual(Math.abs(expected) / 1000);
      }
    }),
  );
});

test("merging parts gives what counting everything at once gives", () => {
  fc.assert(
    fc.property(fc.array(fc.array(nanoseconds), { minLength: 1, maxLength: 5 }), (parts) => {
      const merged = mergeDistributions(parts.map((part) => of(...part)));
      const whole = of(...parts.flat());
      expect(merged.count).toBe(whole.count);
      expect(merged.sumNs).toBe(whole.sumNs);
      expect(Math.abs(merged.squaresNs2 - whole.squaresNs2)).toBeLessThanOrEqual(
        1e-9 * whole.squaresNs2 + 1e-3,
      );
      expect([merged.minNs, merged.maxNs]).toEqual([whole.minNs, whole.maxNs]);
      for (const perMille of [1, 250, 500, 999])
        expect(quantiles(merged)(perMille)).toEqual(quantiles(whole)(perMille));
    }),
  );
});

test("NaN is absent, Infinity is above every number", () => {
  const distribution = of(1, Number.NaN, Number.POSITIVE_INFINITY, 3);
  expect(distribution).toMatchObject({ count: 2, infinite: 1, sumNs: 4 });
  expect(quantiles(distribution)(600)).toEqual({ ns: 3 });
  expect(quantiles(distribution)(700)).toBe("infinite");
});

test("of nothing there is no rank", () => {
  expect(quantiles(of())(500)).toBe("empty");
  expect(quantiles(of(Number.POSITIVE_INFINITY))(500)).toBe("infinite");
  expect(mergeDistributions([])).toMatchObject({ count: 0, infinite: 0 });
});

test("no percentile is above the largest value", () => {
  expect(quantiles(of(1_000_001))(1000)).toEqual({ ns: 1_000_001 });
});
