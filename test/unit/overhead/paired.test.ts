import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { median, pairedDifference, pairedRatio, studentQuantile } from "../../overhead/paired.mjs";

describe("studentQuantile", () => {
  // NIST/SEMATECH e-Handbook of Statistical Methods, table 1.3.6.7.2.
  it.each([
    [0.975, 1, 12.706],
    [0.975, 2, 4.303],
    [0.975, 9, 2.262],
    [0.975, 11, 2.201],
    [0.975, 30, 2.042],
    [0.975, 100, 1.984],
    [0.95, 5, 2.015],
    [0.999, 3, 10.215],
  ])("of %f with %i degrees of freedom is %f", (probability, degrees, expected) => {
    expect(studentQuantile(probability, degrees)).toBeCloseTo(expected, 3);
  });

  it("comes near the normal distribution for many degrees of freedom", () => {
    expect(studentQuantile(0.975, 1e6)).toBeCloseTo(1.95997, 4);
  });

  it("is the quantile of Cauchy's distribution for one degree of freedom", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 0.99, noNaN: true }), (p) => {
        const exact = Math.tan(Math.PI * (p - 0.5));
        expect(Math.abs(studentQuantile(p, 1) - exact)).toBeLessThan(1e-6 * (1 + Math.abs(exact)));
      }),
    );
  });

  it("has a closed form for two degrees of freedom", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 0.99, noNaN: true }), (p) => {
        const exact = (2 * p - 1) / Math.sqrt(2 * p * (1 - p));
        expect(Math.abs(studentQuantile(p, 2) - exact)).toBeLessThan(1e-6 * (1 + Math.abs(exact)));
      }),
    );
  });

  it("refuses what is no probability", () => {
    expect(() => studentQuantile(1, 5)).toThrow(RangeError);
    expect(() => studentQuantile(0.5, 0)).toThrow(RangeError);
  });
});

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

describe("median", () => {
  it("is the middle value, or the mean of both", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median(Float64Array.of(4, 1, 3, 2))).toBe(2.5);
    expect(() => median([])).toThrow(RangeError);
  });
});
