import { binomialAtMost, binomialQuantile } from "./binomial.ts";

/** MLPerf's: the share of systems whose true percentile is above the bound, at most 1 in 100. */
const CONFIDENCE = 0.99;

/**
 * How many requests MLPerf's early stopping wants to see before it believes that a percentile is met, when `over` of them
 * were over the bound: the fewest n for which a system that just misses it shows at most `over` with a probability below 1 %.
 *
 * @param perMille - the percentile × 10.
 * @see https://github.com/mlcommons/inference_policies/blob/master/inference_rules.adoc#appendix-early_stopping
 *   (tolerance 0, confidence 0.99)
 */
export function earlyStoppingRequests(over: number, perMille: number): number {
  const enough = (trials: number): boolean =>
    trials > over && binomialAtMost({ trials, chance: 1 - perMille / 1000 }, over) < 1 - CONFIDENCE;
  let low = over;
  let high = Math.max(1, 2 * over);
  while (!enough(high)) {
    low = high;
    high *= 2;
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (enough(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/**
 * The rank, from 1 (smallest), of MLPerf's early-stopping estimate of a percentile: of the t requests that may be over, the
 * t − 1 largest are put aside and the next one is the bound, as LoadGen does it. The true percentile lies below it with
 * 99 % confidence.
 *
 * @returns absent where fewer requests were made than one over needs (64, 130, 662, 6,636 for p90, p95, p99, p99.9).
 * @see https://github.com/mlcommons/inference/blob/master/loadgen/results.cc
 */
export function earlyStoppingRank(requests: number, perMille: number): number | undefined {
  if (requests < 1) return undefined;
  const over = binomialQuantile({ trials: requests, chance: 1 - perMille / 1000 }, 1 - CONFIDENCE) - 1;
  return over < 1 ? undefined : requests - over + 1;
}
