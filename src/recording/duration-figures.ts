import { type Distribution, type Quantile, ranks } from "./distribution.ts";
import { earlyStoppingRank } from "./statistics/early-stopping.ts";
import { percentileRanks } from "./statistics/order-statistic.ts";

/**
 * The figures of one distribution, milliseconds. A figure is absent where there is no value, where the requests are too
 * few for it, or where it is censored.
 */
export interface DurationFigures extends PercentileFigures {
  /** Numbers in the distribution, and those that never got an answer. */
  readonly count: number;
  readonly unanswered: number;
  /** Absent when anything is unanswered. */
  readonly meanMs?: number | undefined;
  /** 95 % interval of the mean by batch means, for the headline alone: see `effectiveNumber`. */
  readonly meanLowMs?: number | undefined;
  readonly meanHighMs?: number | undefined;
  readonly maxMs?: number | undefined;
  /** Of a sample: n − 1. */
  readonly stddevMs?: number | undefined;
  /** Figures that fall among the unanswered: `p99`, `p99_high`, `p99_ub99` or `max`, in ascending order. */
  readonly censored: readonly string[];
}

/**
 * Fewest requests with which a percentile's 95 % order-statistic interval has both ends.
 * The median is always given; its interval from 6 requests on.
 */
export const FEWEST_REQUESTS = { p50: 1, p90: 36, p95: 72, p99: 368, p999: 3688 } as const;

/** Percentiles by the names of their figures. */
export type PercentileName = keyof typeof FEWEST_REQUESTS;

export const PERCENTILES = ["p50", "p90", "p95", "p99", "p999"] as const satisfies PercentileName[];

/** Percentiles × 10, so that 99.9 % is a whole number. */
export const PER_MILLE: Readonly<Record<PercentileName, number>> = {
  p50: 500,
  p90: 900,
  p95: 950,
  p99: 990,
  p999: 999,
};

/** As columns and `censored` write it: `p99_9`. */
export function percentileLabel(name: PercentileName): string {
  return name === "p999" ? "p99_9" : name;
}

type PercentileFigures = {
  /** Nearest rank. */
  readonly [Name in PercentileName as `${Name}Ms`]?: number | undefined;
} & {
  /** The 95 % order-statistic interval. */
  readonly [Name in PercentileName as `${Name}${"Low" | "High"}Ms`]?: number | undefined;
} & {
  /** MLPerf's early-stopping bound, confidence 0.99. */
  readonly [Name in Exclude<PercentileName, "p50"> as `${Name}Ub99Ms`]?: number | undefined;
};

export interface FiguresDetail {
  /** A smoke run gives the median and the mean, nothing about the tail. */
  readonly medianOnly: boolean;
}

export function durationFigures(distribution: Distribution, { medianOnly }: FiguresDetail): DurationFigures {
  const { count, infinite, sumNs, squaresNs2, maxNs } = distribution;
  const total = count + infinite;
  const atRank = ranks(distribution);
  const figures: Record<string, number> = {};
  const censored: string[] = [];
  const take = (figure: string, label: string, rank: number | undefined): void => {
    if (rank === undefined) return;
    const quantile: Quantile = atRank(rank);
    if (quantile === "infinite") censored.push(label);
    else if (quantile !== "empty") figures[figure] = quantile.ns / 1e6;
  };
  for (const name of medianOnly ? (["p50"] as const) : PERCENTILES) {
    if (total < FEWEST_REQUESTS[name]) continue;
    const perMille = PER_MILLE[name];
    const label = percentileLabel(name);
    take(`${name}Ms`, label, Math.max(1, Math.ceil((perMille * total) / 1000)));
    if (medianOnly) continue;
    const { low, high } = percentileRanks(total, perMille);
    if (low === undefined || high === undefined) continue;
    take(`${name}LowMs`, `${label}_low`, low);
    take(`${name}HighMs`, `${label}_high`, high);
    if (name !== "p50") take(`${name}Ub99Ms`, `${label}_ub99`, earlyStoppingRank(total, perMille));
  }
  if (infinite > 0 && !medianOnly) censored.push("max");
  const whole = count > 0 && infinite === 0;
  return {
    count,
    unanswered: infinite,
    meanMs: whole ? sumNs / count / 1e6 : undefined,
    ...figures,
    maxMs: whole && !medianOnly ? maxNs / 1e6 : undefined,
    stddevMs: whole && count > 1 && !medianOnly ? Math.sqrt(squaresNs2 / (count - 1)) / 1e6 : undefined,
    censored,
  };
}
