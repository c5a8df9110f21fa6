import { type Blocks, middleOf } from "./blocks.ts";
import { normalBothTails } from "./statistics/normal.ts";

/** How the median moved over one run. */
export interface Trend {
  /** What the median changed from the window's first block to its last one, ÷ the median of the blocks; below 0: it fell. */
  readonly change: number;
  /** The probability of so strong an order in blocks that have none. */
  readonly p: number;
}

/** A trend is one when such an order would come by chance once in a hundred runs… */
const SIGNIFICANT = 0.01;
/** …and when it moves the median by more than this. */
const CHANGE = 0.1;

/**
 * The trend of the blocks' medians: Theil and Sen's slope (the median of the slopes of all pairs), tested by Mann and Kendall's
 * S with Hamed and Rao's variance, which is larger where neighbouring blocks are alike.
 *
 * @see Sen, P. K.: Estimates of the Regression Coefficient Based on Kendall's Tau, JASA 63 (1968)
 * @see Hamed, K. H., Rao, A. R.: A modified Mann-Kendall trend test for autocorrelated data, J. Hydrology 204 (1998)
 */
export function trendOf({ mediansNs, timesNs }: Blocks): Trend {
  const n = mediansNs.length;
  const slopes: number[] = [];
  let s = 0;
  for (let later = 1; later < n; later += 1) {
    for (let earlier = 0; earlier < later; earlier += 1) {
      const rise = mediansNs[later]! - mediansNs[earlier]!;
      const time = timesNs[later]! - timesNs[earlier]!;
      s += Math.sign(rise);
      if (time > 0) slopes.push(rise / time);
    }
  }
  const slope = slopes.length > 0 ? middleOf(slopes.sort((a, b) => a - b)) : 0;
  const middle = middleOf(mediansNs.toSorted((a, b) => a - b));
  const span = (timesNs.at(-1) ?? 0) - (timesNs[0] ?? 0);
  const rest = mediansNs.map((median, index) => median - slope * timesNs[index]!);
  const variance = ((n * (n - 1) * (2 * n + 5) - tieTerm(mediansNs)) / 18) * inflation(rest);
  const z = s === 0 || variance <= 0 ? 0 : (s - Math.sign(s)) / Math.sqrt(variance);
  return { change: middle > 0 ? (slope * span) / middle : 0, p: normalBothTails(z) };
}

/** Whether a run's median moved. @param runs - how many runs were looked at: more looks find more by chance (Bonferroni). */
export function isTrend({ change, p }: Trend, runs = 1): boolean {
  return p * runs < SIGNIFICANT && Math.abs(change) > CHANGE;
}

/** What equal medians take from the variance of S. */
function tieTerm(values: readonly number[]): number {
  const groups = new Map<number, number>();
  for (const value of values) groups.set(value, (groups.get(value) ?? 0) + 1);
  return [...groups.values()].reduce((sum, size) => sum + size * (size - 1) * (2 * size + 5), 0);
}

/**
 * What the blocks' correlation does to the variance of S, at least 1: 1 + 2 / (n (n−1) (n−2)) · Σ (n−i) (n−i−1) (n−i−2) ρ(i).
 * ρ(i) = φ^i of a first-order process: single lags of some thirty blocks are mostly noise. φ comes from the ranks after the
 * trend was taken out, which makes it too small by (2 + 4φ) / n; that is put back.
 *
 * @returns infinite where the blocks wander so slowly that a trend cannot be told from that.
 * @see Marriott, F. H. C., Pope, J. A.: Bias in the Estimation of Autocorrelations, Biometrika 41 (1954)
 */
function inflation(rest: readonly number[]): number {
  const n = rest.length;
  const order = rest.map((_, index) => index).sort((a, b) => rest[a]! - rest[b]!);
  const ranks = new Float64Array(n);
  for (const [rank, index] of order.entries()) ranks[index] = rank - (n - 1) / 2;
  let power = 0;
  let product = 0;
  for (let at = 0; at < n; at += 1) {
    power += ranks[at]! ** 2;
    if (at > 0) product += ranks[at]! * ranks[at - 1]!;
  }
  const correlation = (n * (product / power) + 2) / (n - 4);
  if (correlation <= 0) return 1;
  if (correlation >= 1) return Number.POSITIVE_INFINITY;
  let sum = 0;
  for (let lag = 1; lag < n; lag += 1) sum += (n - lag) * (n - lag - 1) * (n - lag - 2) * correlation ** lag;
  return 1 + (2 * sum) / (n * (n - 1) * (n - 2));
}
