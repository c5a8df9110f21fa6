import { mergeDistributions, quantiles } from "./distribution.ts";
import { FEWEST_REQUESTS, PERCENTILES, percentileLabel } from "./duration-figures.ts";
import { type EffectiveNumber, effectiveNumber } from "./effective-number.ts";
import { type LittlesLaw, littlesLaw } from "./little.ts";
import type { RunTally } from "./run-tally.ts";
import { isTrend, type Trend, trendOf } from "./trend.ts";

/** Figures that need the requests in their order of time. */
export interface TimeFigures {
  /** How many independent requests the headline's good answers are worth for their mean; absent for fewer than 100. */
  readonly effectiveRequests?: number | undefined;
  /**
   * Percentiles of the headline that need more requests than that: they rest on few independent ones, and their intervals are
   * too narrow.
   */
  readonly weakPercentiles: readonly string[];
  /** The strongest trend of the runs, and whether it is one; absent where no run has 10 blocks of 10 requests. */
  readonly trend?: (Trend & { readonly runs: number; readonly drifts: boolean }) | undefined;
  /** Time-weighted percentiles of the age of information over the windows, milliseconds; open loop only. */
  readonly ageP50Ms?: number | undefined;
  readonly ageP99Ms?: number | undefined;
  /** Absent where the requests in flight were not counted. */
  readonly littlesLaw?: LittlesLaw | undefined;
  /** Pauses without an answer although one was due. */
  readonly stalls?: StallFigures | undefined;
}

export interface StallFigures {
  readonly count: number;
  readonly longestMs: number;
  /** When the longest one began, seconds from its window's start. */
  readonly longestAtSec: number;
}

/** With the mean's interval, for the headline. */
export interface TimedRuns {
  readonly figures: TimeFigures;
  readonly effective: EffectiveNumber | undefined;
}

/** The time figures of one or more runs; with `--quick` there are none. */
export function timeFigures(tallies: readonly RunTally[]): TimedRuns {
  const blocks = tallies.flatMap((tally) => tally.blocks ?? []);
  const effective = effectiveNumber(blocks);
  const requests = tallies.reduce((sum, tally) => sum + tally.requests, 0);
  const strongest = blocks.map(trendOf).toSorted((a, b) => a.p - b.p)[0];
  const age = quantiles(mergeDistributions(tallies.flatMap((tally) => tally.age ?? [])));
  const ageAt = (perMille: number): number | undefined => {
    const found = age(perMille);
    return typeof found === "string" ? undefined : found.ns / 1e6;
  };
  const stalls = tallies.flatMap((tally) => tally.stalls ?? []);
  const longest = stalls.toSorted((a, b) => b.longestNs - a.longestNs)[0];
  return {
    effective,
    figures: {
      effectiveRequests: effective?.requests,
      weakPercentiles:
        effective === undefined
          ? []
          : PERCENTILES.filter((name) => {
              const needed = FEWEST_REQUESTS[name];
              return requests >= needed && effective.requests < needed;
            }).map(percentileLabel),
      trend: strongest && { ...strongest, runs: blocks.length, drifts: isTrend(strongest, blocks.length) },
      ageP50Ms: ageAt(500),
      ageP99Ms: ageAt(990),
      littlesLaw: littlesLaw(tallies.flatMap((tally) => tally.inFlight ?? [])),
      stalls: longest && {
        count: stalls.reduce((sum, { count }) => sum + count, 0),
        longestMs: longest.longestNs / 1e6,
        longestAtSec: longest.longestAtNs / 1e9,
      },
    },
  };
}
