import { NORMAL_95 } from "../../recording/statistics/normal.ts";
import { studentQuantile } from "../../recording/statistics/student-t.ts";

/** A change is called detectable when a comparison like this one would flag it so often. */
const POWER = 0.8;

export interface DetectionBasis {
  /** Of the estimate, on the log scale. */
  readonly standardError: number;
  readonly degrees: number;
  /** What p must be at most in Holm's first step: α ÷ the family's size. */
  readonly level: number;
  /** The estimate must lie above this, too (log scale). */
  readonly threshold: number;
}

/**
 * The smallest true change (log scale) that a comparison with this spread flags in 80 of 100 cases: its p-value must pass Holm's first
 * step, (t(1 − level/2) + t(0.8)) · SE, and its estimate the threshold, threshold + t(0.8) · SE; the larger of the two. The usual
 * approximation by the central t.
 *
 * @see https://www.itl.nist.gov/div898/handbook/prc/section2/prc222.htm
 */
export function smallestDetectable({ standardError, degrees, level, threshold }: DetectionBasis): number {
  const power = studentQuantile(POWER, degrees) * standardError;
  const significance = studentQuantile(1 - level / 2, degrees) * standardError;
  return power + Math.max(significance, threshold);
}

/**
 * The machine's own noise: two runs of the same code differ by less than this factor in 95 of 100 cases.
 * @param stddev - of one run, on the log scale.
 * @returns on the log scale.
 */
export function sameCodeDifference(stddev: number): number {
  return NORMAL_95 * Math.SQRT2 * stddev;
}
