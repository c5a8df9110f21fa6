import { type Distribution, quantiles } from "./distribution.ts";
import { FEWEST_REQUESTS, PER_MILLE, PERCENTILES, type PercentileName } from "./duration-figures.ts";

/** A percentile of the response time that the generator's lateness made what it is. */
export interface LatenessEffect {
  readonly percentile: PercentileName;
  readonly withMs: number;
  /** The same percentile with each request's send lateness taken out. */
  readonly withoutMs: number;
}

/** A percentile changes when it changes by more than both. */
const SHARE = 0.05;
const LEAST_MS = 0.2;

/**
 * Compares the percentiles of the response time with those of the same requests, each without its lateness.
 *
 * @param onTime - done − intended − lateness, of good answers; what is infinite in one is infinite in the other.
 * @returns the largest relative change of those that are more than 5 % and 0.2 ms; absent: lateness changes none.
 */
export function latenessEffect(response: Distribution, onTime: Distribution): LatenessEffect | undefined {
  const requests = response.count + response.infinite;
  // Answers without a row have no lateness of their own where arrivals may wait.
  if (onTime.count !== response.count) return undefined;
  const late = quantiles(response);
  const early = quantiles({ ...onTime, infinite: response.infinite });
  let worst: LatenessEffect | undefined;
  for (const percentile of PERCENTILES) {
    if (requests < FEWEST_REQUESTS[percentile]) continue;
    const withLateness = late(PER_MILLE[percentile]);
    const without = early(PER_MILLE[percentile]);
    if (typeof withLateness === "string" || typeof without === "string") continue;
    const effect = { percentile, withMs: withLateness.ns / 1e6, withoutMs: without.ns / 1e6 };
    const changeMs = effect.withMs - effect.withoutMs;
    if (changeMs <= LEAST_MS || changeMs <= SHARE * effect.withMs) continue;
    if (worst === undefined || changeMs / effect.withMs > 1 - worst.withoutMs / worst.withMs) worst = effect;
  }
  return worst;
}
