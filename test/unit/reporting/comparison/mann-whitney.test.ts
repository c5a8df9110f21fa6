import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../../../src/core/random.ts";
import {
  fewestPerSide,
  intervalRank,
  mannWhitney,
  smallestRankSumP,
} from "../../../../src/reporting/comparison/mann-whitney.ts";

const distinct = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i + 1);

describe("mannWhitney", () => {
  it.each([
    // Two of all 20, and of all 252, ways to share out the ranks.
    [[1, 2, 3], [4, 5, 6], 0.1],
    [[1, 2, 3, 4, 5], [6, 7, 8, 9, 10], 0.007936508],
    // Hollander & Wolfe (1999), example 4.1, as in R's help of wilcox.test: one-sided 0.1272, two-sided 0.2544.
    [[0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46], [1.15, 0.88, 0.9, 0.74, 1.21], 0.254412],
  ])("%j against %j gives p = %f", (base, head, expected) => {
    expect(mannWhitney(base, head).pValue).toBeCloseTo(expected, 6);
  });

  it("counts the pairs in which the head is larger, ties as halves", () => {
    expect(mannWhitney([1, 2, 3], [2, 3, 4]).u).toBe(2 + 2 * 0.5 + 2 + 3 - 1);
    fc.assert(
      fc.property(values, values, (base, head) => {
        const pairs = base.flatMap((a) => head.map((b) => (b > a ? 1 : b === a ? 0.5 : 0)));
        expect(mannWhitney(base, head).u).toBeCloseTo(
          pairs.reduce((sum: number, part) => sum + part, 0),
          9,
        );
      }),
    );
  });

  it("gives the p-value of every labelling counted out, with ties", () => {
    fc.assert(
      fc.property(values, values, (base, head) => {
        expect(mannWhitney(base, head).pValue).toBeCloseTo(byEnumeration(base, head), 9);
      }),
    );
  });

  it("takes infinite values as the largest, equal among themselves", () => {
    const infinity = Number.POSITIVE_INFINITY;
    expect(mannWhitney([1, 2, 3, 4], [infinity, infinity, infinity, infinity]).pValue).toBeCloseTo(2 / 70, 9);
    expect(mannWhitney([infinity, infinity], [infinity, infinity]).pValue).toBe(1);
  });

  it("passes from counting to the normal approximation without a step", () => {
    const random = createRandom(7);
    const draw = (count: number, shift: number): number[] =>
      Array.from({ length: count }, () => random.fraction() + random.fraction() + shift);
    const base = draw(30, 0);
    const head = draw(30, 0.15);
    const exact = mannWhitney(base, head).pValue;
    // The same with one more value in the middle of both sides, which the approximation takes.
    const approximate = mannWhitney([...base, 1.07], [...head, 1.08]).pValue;
    expect(approximate).toBeGreaterThan(exact / 1.3);
    expect(approximate).toBeLessThan(exact * 1.3);
  });
});

describe("smallestRankSumP", () => {
  it("is two of all choices", () => {
    expect(smallestRankSumP(4, 4)).toBeCloseTo(2 / 70, 12);
    expect(smallestRankSumP(6, 6)).toBeCloseTo(2 / 924, 12);
    expect(smallestRankSumP(5, 7)).toBeCloseTo(mannWhitney(distinct(5), [6, 7, 8, 9, 10, 11, 12]).pValue, 12);
    expect(smallestRankSumP(1, 1)).toBe(1);
  });

  it("6 a side can never flag anything in 24 cells, at Bonferroni's level", () => {
    expect(smallestRankSumP(6, 6)).toBeGreaterThan(0.05 / 24);
    expect(smallestRankSumP(7, 7)).toBeLessThan(0.05 / 24);
  });
});

describe("fewestPerSide", () => {
  it.each([
    [0.05, 4],
    [0.005, 6],
    [0.05 / 240, 8],
  ])("for p = %f is %i", (p, expected) => {
    expect(fewestPerSide(p)).toBe(expected);
    expect(smallestRankSumP(expected, expected)).toBeLessThanOrEqual(p);
    expect(smallestRankSumP(expected - 1, expected - 1)).toBeGreaterThan(p);
  });
});

describe("intervalRank", () => {
  // Published critical values of U, two-sided 5 % (e.g. Siegel & Castellan, table J): significant at U ≤ c, so the rank is c + 1.
  it.each([
    [4, 4, 0],
    [5, 5, 2],
    [6, 6, 5],
    [7, 7, 8],
    [8, 8, 13],
    [10, 10, 23],
    [20, 20, 127],
    [8, 10, 17],
  ])("%i and %i: the table says %i", (a, b, critical) => {
    expect(intervalRank(a, b)).toBe(critical + 1);
  });

  it("has no interval for 3 and 3", () => {
    expect(intervalRank(3, 3)).toBe(0);
  });

  it("comes near the approximation where that takes over", () => {
    expect(Math.abs(intervalRank(31, 30) - intervalRank(30, 30) - 10)).toBeLessThan(3);
  });
});

const values = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 6 });

function byEnumeration(base: readonly number[], head: readonly number[]): number {
  const all = [...base, ...head];
  const rank = (value: number): number =>
    all.filter((other) => other < value).length + (all.filter((other) => other === value).length + 1) / 2;
  const ranks = all.map(rank);
  const observed = ranks.slice(base.length).reduce((sum, value) => sum + value, 0);
  let lower = 0;
  let upper = 0;
  let count = 0;
  for (let mask = 0; mask < 2 ** all.length; mask += 1) {
    const chosen = ranks.filter((_, i) => (mask >> i) & 1);
    if (chosen.length !== head.length) continue;
    const sum = chosen.reduce((a, b) => a + b, 0);
    count += 1;
    if (sum <= observed + 1e-9) lower += 1;
    if (sum >= observed - 1e-9) upper += 1;
  }
  return Math.min(1, (2 * Math.min(lower, upper)) / count);
}
