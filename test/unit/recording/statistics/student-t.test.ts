import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { studentQuantile, studentTwoSided } from "../../../../src/recording/statistics/student-t.ts";

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

describe("studentTwoSided", () => {
  it("is twice the tail beyond the quantile", () => {
    for (const [probability, degrees] of [
      [0.975, 9],
      [0.995, 4],
      [0.9999, 19],
    ] as const) {
      const quantile = studentQuantile(probability, degrees);
      expect(studentTwoSided(quantile, degrees)).toBeCloseTo(2 * (1 - probability), 10);
      expect(studentTwoSided(-quantile, degrees)).toBeCloseTo(2 * (1 - probability), 10);
    }
  });

  it("keeps its digits far out in the tail", () => {
    // Two degrees of freedom have a closed form: 1 - t / sqrt(2 + t²), in the limit 1 / t².
    expect(studentTwoSided(1e6, 2) / 1e-12).toBeCloseTo(1, 5);
    expect(studentQuantile(1 - 1e-10, 2) / Math.sqrt(1 / (2 * 1e-10))).toBeCloseTo(1, 5);
  });

  it("is 1 at zero and 0 without any spread", () => {
    expect(studentTwoSided(0, 5)).toBe(1);
    expect(studentTwoSided(Number.POSITIVE_INFINITY, 5)).toBe(0);
    expect(studentTwoSided(Number.NaN, 5)).toBe(1);
  });
});
