import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Binomial,
  binomialAtMost,
  binomialChance,
  binomialQuantile,
} from "../../../../src/recording/statistics/binomial.ts";

const binomials = fc.record({
  trials: fc.integer({ min: 1, max: 60 }),
  chance: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
});

/** n! / (k! (n−k)!) p^k (1−p)^(n−k), multiplied out. */
function multipliedOut({ trials, chance }: Binomial, count: number): number {
  let product = (1 - chance) ** (trials - count);
  for (let i = 1; i <= count; i += 1) product *= ((trials - count + i) / i) * chance;
  return product;
}

test("chances are those of the formula multiplied out", () => {
  fc.assert(
    fc.property(binomials, fc.nat(60), (binomial, at) => {
      const count = Math.min(at, binomial.trials);
      const expected = multipliedOut(binomial, count);
      expect(Math.abs(binomialChance(binomial, count) - expected)).toBeLessThanOrEqual(
        1e-12 * expected + 1e-300,
      );
    }),
  );
});

test("at most k is the sum of the chances up to k, and its quantile is the first k that reaches a level", () => {
  fc.assert(
    fc.property(binomials, fc.double({ min: 0.001, max: 0.999, noNaN: true }), (binomial, level) => {
      let sum = 0;
      for (let count = 0; count <= binomial.trials; count += 1) {
        sum += multipliedOut(binomial, count);
        expect(binomialAtMost(binomial, count)).toBeCloseTo(Math.min(1, sum), 10);
      }
      const quantile = binomialQuantile(binomial, level);
      expect(binomialAtMost(binomial, quantile)).toBeGreaterThanOrEqual(level);
      expect(binomialAtMost(binomial, quantile - 1)).toBeLessThan(level);
    }),
  );
});

test("ten million trials keep their digits", () => {
  const many = { trials: 1e7, chance: 0.5 };
  // 1 / sqrt(π n / 2), less a quarter of 1 / n.
  expect(binomialChance(many, 5e6)).toBeCloseTo((1 - 1 / 4e7) / Math.sqrt((Math.PI * 1e7) / 2), 15);
  expect(binomialAtMost(many, 5e6)).toBeCloseTo(0.5 + binomialChance(many, 5e6) / 2, 9);
  expect(binomialAtMost(many, -1)).toBe(0);
  expect(binomialAtMost(many, 1e7)).toBe(1);
});
