import { describe, expect, it } from "vitest";
import { comparePaired, compareUnpaired } from "../../../../src/reporting/comparison/compare-sides.ts";
import { DEFAULT_LIMITS, type Outcome } from "../../../../src/reporting/comparison/comparison.ts";
import { type Simulation, simulator } from "./made-sides.ts";

/** How often each outcome came out of so many simulated comparisons. */
function shares(
  simulation: Simulation,
  trials: number,
  compare: typeof comparePaired = comparePaired,
): Readonly<Record<Outcome, number>> {
  const next = simulator(simulation);
  const counts = { OK: 0, REGRESSED: 0, INCONCLUSIVE: 0 };
  for (let trial = 0; trial < trials; trial += 1) counts[compare(next(), DEFAULT_LIMITS).outcome] += 1;
  return {
    OK: counts.OK / trials,
    REGRESSED: counts.REGRESSED / trials,
    INCONCLUSIVE: counts.INCONCLUSIVE / trials,
  };
}

describe("the gate's default setting (5 blocks) by simulation", { timeout: 30_000 }, () => {
  const basis = { runs: 10, cells: 4, blockNoise: 0.1 } as const;

  it("does not cry wolf: at most 5 of 100 false alarms, also where alarms are cheapest", () => {
    // With so much noise every significant difference is over the threshold of 5 %, too.
    for (const noise of [0.03, 0.2]) {
      const { REGRESSED } = shares({ ...basis, seed: 11, noise }, 400);
      expect(REGRESSED).toBeLessThanOrEqual(0.05);
    }
  });

  it("says OK to the same code on a machine with 3 % of noise", () => {
    expect(shares({ ...basis, seed: 12, noise: 0.03 }, 200).OK).toBeGreaterThan(0.95);
  });

  it("finds 10 % more on such a machine, and never calls it OK", () => {
    const { REGRESSED, OK } = shares({ ...basis, seed: 13, noise: 0.03, ratio: 1.1 }, 200);
    expect(REGRESSED).toBeGreaterThan(0.9);
    expect(OK).toBeLessThanOrEqual(0.01);
  });

  it("is undecided, not OK, where the noise hides everything", () => {
    const { OK, INCONCLUSIVE } = shares({ ...basis, seed: 14, noise: 0.3 }, 200);
    expect(OK).toBe(0);
    expect(INCONCLUSIVE).toBeGreaterThan(0.9);
  });
});

describe("compare (8 repetitions a side, 4 cells) by simulation", { timeout: 30_000 }, () => {
  it("does not cry wolf", () => {
    const { REGRESSED } = shares({ runs: 8, cells: 4, noise: 0.1, seed: 21 }, 300, compareUnpaired);
    expect(REGRESSED).toBeLessThanOrEqual(0.05);
  });

  it("finds 10 % more with 3 % of noise", () => {
    const { REGRESSED, OK } = shares(
      { runs: 8, cells: 4, noise: 0.03, ratio: 1.1, seed: 22 },
      200,
      compareUnpaired,
    );
    expect(REGRESSED).toBeGreaterThan(0.9);
    expect(OK).toBeLessThanOrEqual(0.01);
  });
});

describe("what a row says about itself, by simulation", { timeout: 30_000 }, () => {
  it("the smallest detectable change is flagged in about 80 of 100 cases", () => {
    // One cell: the family is one row. The noise is so high that significance decides, not the threshold.
    const basis = { runs: 10, cells: 1, noise: 0.08 } as const;
    const next = simulator({ ...basis, seed: 31 });
    let sum = 0;
    for (let trial = 0; trial < 200; trial += 1) {
      sum += Math.log(comparePaired(next(), DEFAULT_LIMITS).rows[0]?.smallestDetectableRatio ?? 0);
    }
    const ratio = Math.exp(sum / 200);
    const { REGRESSED } = shares({ ...basis, ratio, seed: 32 }, 1_000);
    expect(REGRESSED).toBeGreaterThan(0.72);
    expect(REGRESSED).toBeLessThan(0.88);
  });

  it("two runs of the same side differ by less than the A/A noise in about 95 of 100 cases", () => {
    const noise = 0.05;
    const next = simulator({ seed: 33, runs: 40, cells: 1, noise });
    const ratios = Array.from(
      { length: 50 },
      () => comparePaired(next(), DEFAULT_LIMITS).rows[0]?.sameCodeRatio ?? 0,
    );
    const mean = ratios.reduce((sum, value) => sum + Math.log(value), 0) / ratios.length;
    expect(mean).toBeCloseTo(1.96 * Math.SQRT2 * noise, 2);
    const unpaired = compareUnpaired(next(), DEFAULT_LIMITS).rows[0]?.sameCodeRatio ?? 0;
    expect(Math.log(unpaired) / (1.96 * Math.SQRT2 * noise)).toBeGreaterThan(0.75);
    expect(Math.log(unpaired) / (1.96 * Math.SQRT2 * noise)).toBeLessThan(1.25);
  });
});
