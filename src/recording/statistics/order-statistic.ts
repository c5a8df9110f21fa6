import { binomialQuantile } from "./binomial.ts";

/** Ranks from 1 (smallest); an end is absent where the sample is too small for it. */
export interface RankInterval {
  readonly low?: number | undefined;
  readonly high?: number | undefined;
}

const TAIL = 0.025;

/**
 * The 95 % interval of a percentile, as ranks of the sorted sample, whatever the distribution: the number of values below
 * the percentile is binomial, so at most 2.5 % of samples have their `low`-th value above it, and as many their `high`-th
 * below it. For independent values; correlated ones need more.
 *
 * @param perMille - the percentile × 10, so that 99.9 % is a whole number; 0 < perMille < 1000.
 * @see David, H. A., Nagaraja, H. N.: Order Statistics (3rd ed., 2003), section 7.1
 */
export function percentileRanks(sampleSize: number, perMille: number): RankInterval {
  if (sampleSize < 1) return {};
  const below = { trials: sampleSize, chance: perMille / 1000 };
  const low = binomialQuantile(below, TAIL);
  const high = binomialQuantile(below, 1 - TAIL) + 1;
  return { low: low >= 1 ? low : undefined, high: high <= sampleSize ? high : undefined };
}
