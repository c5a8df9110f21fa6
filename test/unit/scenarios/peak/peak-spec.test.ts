import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lowestRatePerSec, probeLengthMs } from "../../../../src/scenarios/peak/peak-spec.ts";

describe("probeLengthMs", () => {
  it("is what was asked for where that makes requests enough, else longer, at most four times", () => {
    expect(probeLengthMs(3_000, 1_000, 100)).toBe(3_000);
    expect(probeLengthMs(3_000, 20, 100)).toBe(5_000);
    expect(probeLengthMs(3_000, 1, 100)).toBe(12_000);
  });

  it("lets every rate that is tried make some requests", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 200, max: 3_600_000 }),
        fc.double({ min: 1, max: 1_000, noNaN: true }),
        (length, factor) => {
          const rate = lowestRatePerSec(length) * factor;
          expect((rate * probeLengthMs(length, rate, 100)) / 1_000).toBeGreaterThan(9.9);
        },
      ),
    );
  });
});
