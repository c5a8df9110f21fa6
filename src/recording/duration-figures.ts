import { type Distribution, quantiles } from "./distribution.ts";

/**
 * The figures of one distribution, milliseconds. A figure is absent where there is no value, where the requests are too
 * few for it, or where it is censored.
 */
export interface DurationFigures {
  /** Numbers in the distribution, and those that never got an answer. */
  readonly count: number;
  readonly unanswered: number;
  /** Absent when anything is unanswered. */
  readonly meanMs?: number | undefined;
  readonly p50Ms?: number | undefined;
  readonly p90Ms?: number | undefined;
  readonly p95Ms?: number | undefined;
  readonly p99Ms?: number | undefined;
  readonly p999Ms?: number | undefined;
  readonly maxMs?: number | undefined;
  /** Of a sample: n − 1. */
  readonly stddevMs?: number | undefined;
  /** Figures that fall among the unanswered: `p99` or `max`, in ascending order. */
  readonly censored: readonly string[];
}

/**
 * Fewest requests with which a percentile's 95 % order-statistic interval has both ends.
 * The median is always given.
 */
export const FEWEST_REQUESTS = { p50: 1, p90: 36, p95: 72, p99: 368, p999: 3688 } as const;

type PercentileName = keyof typeof FEWEST_REQUESTS;

const PER_MILLE: Readonly<Record<PercentileName, number>> = {
  p50: 500,
  p90: 900,
  p95: 950,
  p99: 990,
  p999: 999,
};

export interface FiguresDetail {
  /** A smoke run gives the median and the mean, nothing about the tail. */
  readonly medianOnly: boolean;
}

export function durationFigures(distribution: Distribution, { medianOnly }: FiguresDetail): DurationFigures {
  const { count, infinite, sumNs, squaresNs2, maxNs } = distribution;
  const at = quantiles(distribution);
  const censored: string[] = [];
  const percentile = (name: PercentileName): number | undefined => {
    if (count + infinite < FEWEST_REQUESTS[name] || (medianOnly && name !== "p50")) return undefined;
    const quantile = at(PER_MILLE[name]);
    if (quantile === "infinite") censored.push(name === "p999" ? "p99_9" : name);
    return typeof quantile === "string" ? undefined : quantile.ns / 1e6;
  };
  const percentiles = {
    p50Ms: percentile("p50"),
    p90Ms: percentile("p90"),
    p95Ms: percentile("p95"),
    p99Ms: percentile("p99"),
    p999Ms: percentile("p999"),
  };
  if (infinite > 0 && !medianOnly) censored.push("max");
  const whole = count > 0 && infinite === 0;
  return {
    count,
    unanswered: infinite,
    meanMs: whole ? sumNs / count / 1e6 : undefined,
    ...percentiles,
    maxMs: whole && !medianOnly ? maxNs / 1e6 : undefined,
    stddevMs: whole && count > 1 && !medianOnly ? Math.sqrt(squaresNs2 / (count - 1)) / 1e6 : undefined,
    censored,
  };
}
