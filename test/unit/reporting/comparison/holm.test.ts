import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { holm } from "../../../../src/reporting/comparison/holm.ts";

describe("holm", () => {
  it.each([
    // The second is the worked example of the method's article in Wikipedia: the first and the last are rejected at 0.05.
    [
      [0.01, 0.02, 0.03, 0.04],
      [0.04, 0.06, 0.06, 0.06],
    ],
    [
      [0.01, 0.04, 0.03, 0.005],
      [0.03, 0.06, 0.06, 0.02],
    ],
    [
      [0.001, 0.5, 0.9],
      [0.003, 1, 1],
    ],
  ])("of %j is %j", (values, expected) => {
    for (const [i, adjusted] of holm(values).entries()) expect(adjusted).toBeCloseTo(expected[i] ?? -1, 12);
  });

  it("counts a test that could not be made as a member that is not significant", () => {
    expect(holm([0.01, undefined])).toEqual([0.02, 1]);
    expect(holm([])).toEqual([]);
  });

  it("never lies under the p-value nor over Bonferroni's, and keeps the order", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 }), (values) => {
        const adjusted = holm(values);
        for (const [i, value] of values.entries()) {
          expect(adjusted[i]).toBeGreaterThanOrEqual(value);
          expect(adjusted[i]).toBeLessThanOrEqual(Math.min(1, value * values.length) + 1e-12);
          for (const [j, other] of values.entries()) {
            if (value < other) expect(adjusted[i]).toBeLessThanOrEqual(adjusted[j] ?? -1);
          }
        }
      }),
    );
  });
});
