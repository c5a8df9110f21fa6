import type { Distribution } from "./distribution.ts";
import { createHistogram, type Histogram } from "./histogram.ts";

/** A distribution that is counted value by value, in memory that does not grow. */
export interface RunningDistribution {
  /** @param ns - a finite number of nanoseconds. */
  record(ns: number): void;
  /** What was recorded so far, with so many requests that never got an answer. */
  distribution(infinite: number): Distribution;
}

/** @see https://doi.org/10.2307/1266577 (Welford: sums of squares, one value at a time) */
export function createRunningDistribution(): RunningDistribution {
  const positive = createHistogram();
  let negative: Histogram | undefined;
  let count = 0;
  let sumNs = 0;
  let mean = 0;
  let squaresNs2 = 0;
  let minNs = Number.POSITIVE_INFINITY;
  let maxNs = Number.NEGATIVE_INFINITY;
  return {
    record(ns) {
      count += 1;
      sumNs += ns;
      const distance = ns - mean;
      mean += distance / count;
      squaresNs2 += distance * (ns - mean);
      if (ns < minNs) minNs = ns;
      if (ns > maxNs) maxNs = ns;
      if (ns >= 0) positive.record(ns);
      else {
        negative ??= createHistogram();
        negative.record(-ns);
      }
    },
    distribution(infinite) {
      if (count === 0) return { count, infinite, sumNs: 0, squaresNs2: 0, minNs: 0, maxNs: 0 };
      return {
        count,
        infinite,
        sumNs,
        squaresNs2,
        minNs,
        maxNs,
        ...(positive.count > 0 ? { histogram: positive.encode() } : {}),
        ...(negative === undefined ? {} : { negative: negative.encode() }),
      };
    },
  };
}
