import type { Blocks } from "./blocks.ts";
import { studentT95 } from "./statistics/normal.ts";

/** How many independent requests the correlated ones are worth for the mean, and the interval of the mean. */
export interface EffectiveNumber {
  /** At most the number of requests. */
  readonly requests: number;
  readonly meanNs: number;
  /** Half the width of the mean's 95 % interval. */
  readonly meanHalfWidthNs: number;
}

/**
 * Requests in a queue are alike when they are near each other, so n of them say less than n independent ones would. By batch
 * means: with b blocks of m requests each, whose means are nearly independent of each other, the long-run variance is
 * σ∞² = m · Σ(block mean − run mean)² / (b − 1), the variance of the mean is σ∞² / n, and n · s² / σ∞² independent requests
 * would give the same. Where the blocks are still alike (their first autocorrelation φ is above its noise), σ∞² is
 * (1 + φ) / (1 − φ) times that. Blocks of several runs count each against its own run's mean: the interval is of the mean over
 * these runs' processes, and says nothing about what other processes would give.
 *
 * @returns absent without any run that is long enough for blocks.
 * @see Law, A. M.: Simulation Modeling and Analysis (5th ed., 2015), section 9.5.3; Schmeiser 1982
 */
export function effectiveNumber(runs: readonly Blocks[]): EffectiveNumber | undefined {
  let count = 0;
  let sumNs = 0;
  let squares = 0;
  let between = 0;
  let product = 0;
  let degrees = 0;
  for (const blocks of runs) {
    const runCount = blocks.counts.reduce((sum, value) => sum + value, 0);
    const runSum = blocks.sumsNs.reduce((sum, value) => sum + value, 0);
    const mean = runSum / runCount;
    let before = 0;
    for (const [index, size] of blocks.counts.entries()) {
      const distance = blocks.sumsNs[index]! / size - mean;
      between += size * distance ** 2;
      product += size * distance * before;
      before = distance;
    }
    degrees += blocks.counts.length - 1;
    count += runCount;
    sumNs += runSum;
    squares += blocks.squaresNs2;
  }
  if (degrees < 1) return undefined;
  const longRun =
    (between / degrees) * blocksAlike(between > 0 ? product / between : 0, degrees, runs.length);
  const variance = squares / (count - runs.length);
  const requests = longRun > variance ? Math.max(1, (count * variance) / longRun) : count;
  return {
    requests,
    meanNs: sumNs / count,
    meanHalfWidthNs: studentT95(degrees) * Math.sqrt(Math.max(variance, longRun) / count),
  };
}

/** How much more than their own variance blocks of a first-order process carry into the long run, at least 1. */
function blocksAlike(correlation: number, degrees: number, runs: number): number {
  if (correlation < 1.645 / Math.sqrt(degrees + runs)) return 1;
  // The estimate is too small by (1 + 3φ) / b (Marriott and Pope 1954).
  const blocks = degrees / runs + 1;
  const unbiased = Math.min(0.95, (blocks * correlation + 1) / (blocks - 3));
  return (1 + unbiased) / (1 - unbiased);
}
