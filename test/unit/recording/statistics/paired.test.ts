import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { meanTest, pairedDifference, pairedRatio } from "../../../../src/recording/statistics/paired.ts";

describe("pairedDifference", () => {
  it("gives the mean and the t interval of the differences", () => {
    // Differences 1, 2, 3, 4, 5: mean 3, standard error sqrt(2.5 / 5), t(0.975; 4) = 2.776445.
    const { estimate, low, high } = pairedDifference([10, 10, 10, 10, 10], [11, 12, 13, 14, 15]);
    expect(estimate).toBeCloseTo(3, 12);
    expect(low).toBeCloseTo(3 - 2.776445 * Math.SQRT1_2, 5);
    expect(high).toBeCloseTo(3 + 2.776445 * Math.SQRT1_2, 5);
  });

  it("pairs by position: what both share does not widen the interval", () => {
    const { low, high } = pairedDifference([1, 100, 1_000], [2, 101, 1_001]);
    expect(low).toBeCloseTo(1, 9);
    expect(high).toBeCloseTo(1, 9);
  });

  it("refuses unequal lengths and a single pair", () => {
    expect(() => pairedDifference([1, 2], [1])).toThrow("2 values cannot be paired with 1");
    expect(() => pairedDifference([1], [2])).toThrow("two pairs or more");
  });
});

describe("pairedRatio", () => {
  const times = fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), { minLength: 2, maxLength: 20 });

  it("is the geometric mean of the pairs' ratios", () => {
    expect(pairedRatio([1, 1], [2, 8]).estimate).toBeCloseTo(4, 12);
  });

  it("finds a constant factor exactly, whatever the blocks", () => {
    fc.assert(
      fc.property(times, fc.double({ min: 0.1, max: 10, noNaN: true }), (base, factor) => {
        const found = pairedRatio(
          base,
          base.map((value) => value * factor),
        );
        for (const value of Object.values(found)) expect(value / factor).toBeCloseTo(1, 6);
      }),
    );
  });

  it("is turned over when the sides are", () => {
    fc.assert(
      fc.property(times, times, (a, b) => {
        const count = Math.min(a.length, b.length);
        const there = pairedRatio(a.slice(0, count), b.slice(0, count));
        const back = pairedRatio(b.slice(0, count), a.slice(0, count));
        expect(there.estimate * back.estimate).toBeCloseTo(1, 9);
        expect(Math.log(there.low) + Math.log(back.high)).toBeCloseTo(0, 6);
        expect(there.low).toBeLessThanOrEqual(there.estimate);
        expect(there.high).toBeGreaterThanOrEqual(there.estimate);
      }),
    );
  });

  it("refuses values that have no logarithm", () => {
    expect(() => pairedRatio([1, 0], [1, 1])).toThrow(RangeError);
    expect(() => pairedRatio([1, 1], [1, Number.NaN])).toThrow(RangeError);
  });

  it("holds the true ratio in about 95 of 100 intervals", () => {
    // A fixed linear congruential generator: the same normal numbers in every run.
    let state = 12_345;
    const uniform = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return (state + 0.5) / 2 ** 32;
    };
    const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    let holds = 0;
    for (let trial = 0; trial < 1_000; trial++) {
      const a = Array.from({ length: 12 }, () => Math.exp(0.3 * normal()));
      const b = a.map((value) => value * 1.05 * Math.exp(0.1 * normal()));
      const { low, high } = pairedRatio(a, b);
      if (low <= 1.05 && 1.05 <= high) holds++;
    }
    expect(holds).toBeGreaterThan(930);
    expect(holds).toBeLessThan(970);
  });
});

describe("meanTest", () => {
  it("is the one-sample t test", () => {
    // Values 1 to 5 against 0: t = 3 / sqrt(0.5) = 4.2426 with 4 degrees of freedom, p = 0.01324 (R: t.test(1:5)).
    const { pValue, stddev, count } = meanTest([1, 2, 3, 4, 5]);
    expect(pValue).toBeCloseTo(0.013236, 5);
    expect(stddev).toBeCloseTo(Math.sqrt(2.5), 12);
    expect(count).toBe(5);
  });

  it("knows values without any spread", () => {
    expect(meanTest([0, 0, 0]).pValue).toBe(1);
    expect(meanTest([0.25, 0.25, 0.25]).pValue).toBe(0);
  });
});
