import { STAGES, type Stage } from "../core/stage.ts";
import { type Distribution, mergeDistributions, quantiles } from "./distribution.ts";
import { FEWEST_REQUESTS, type FiguresDetail } from "./duration-figures.ts";
import type { RunTally } from "./run-tally.ts";
import { mergeTails } from "./tail.ts";

/** One stage of the answered requests, milliseconds. */
export interface StageFigures {
  /** Over all requests that the stages are made of: these means and `unaccounted` add up to the service time. */
  readonly meanMs: number;
  readonly p50Ms?: number | undefined;
  readonly p99Ms?: number | undefined;
  /** Over the requests of the tail: these means and `unaccountedTailMeanMs` add up to `stageServiceTailMeanMs`. */
  readonly tailMeanMs?: number | undefined;
}

/** Where the time of the answered requests went, milliseconds. */
export interface StageBreakdown {
  readonly clock: "one" | "several";
  readonly stageRequests: number;
  readonly stages: Readonly<Partial<Record<Stage, StageFigures>>>;
  /** Mean service time of the requests that the stages are made of. */
  readonly stageServiceMeanMs?: number | undefined;
  readonly unaccountedMeanMs?: number | undefined;
  readonly unaccountedP50Ms?: number | undefined;
  readonly transportResidualMeanMs?: number | undefined;
  /**
   * The tail: the requests at or above the 99th percentile of the service time, each run's own. From 368 requests on, where
   * there is such a percentile.
   */
  readonly tailRequests?: number | undefined;
  readonly stageServiceTailMeanMs?: number | undefined;
  readonly unaccountedTailMeanMs?: number | undefined;
}

/** The stages of one or more runs. */
export function stageFigures(tallies: readonly RunTally[], { medianOnly }: FiguresDetail): StageBreakdown {
  const answered = tallies.filter(({ stageRequests }) => stageRequests > 0);
  const stageRequests = answered.reduce((sum, tally) => sum + tally.stageRequests, 0);
  const oneClock = answered.length > 0 && answered.every(({ clock }) => clock === "one");
  const clock = oneClock ? "one" : "several";
  if (stageRequests === 0) return { clock, stageRequests, stages: {} };
  const merged = (pick: (tally: RunTally) => Distribution | undefined): Distribution =>
    mergeDistributions(answered.flatMap((tally) => pick(tally) ?? []));
  const hasTail = !medianOnly && stageRequests >= FEWEST_REQUESTS.p99;
  const tail = hasTail ? mergeTails(answered.flatMap((tally) => tally.tail ?? [])) : undefined;
  const stages: Partial<Record<Stage, StageFigures>> = {};
  for (const stage of STAGES) {
    const distribution = merged((tally) => tally.stages[stage]);
    if (distribution.count === 0) {
      const meanMs = serverMeanMs(answered, stage);
      if (meanMs !== undefined) stages[stage] = { meanMs };
      continue;
    }
    stages[stage] = {
      meanMs: distribution.sumNs / stageRequests / 1e6,
      p50Ms: percentile(distribution, 500),
      p99Ms:
        !medianOnly && distribution.count >= FEWEST_REQUESTS.p99 ? percentile(distribution, 990) : undefined,
      tailMeanMs: tail && (tail.stagesNs[stage] ?? 0) / tail.requests / 1e6,
    };
  }
  const unaccounted = merged((tally) => tally.unaccounted);
  const residual = merged((tally) => tally.residual);
  return {
    clock,
    stageRequests,
    stages,
    stageServiceMeanMs: merged((tally) => tally.stageService).sumNs / stageRequests / 1e6,
    ...(oneClock
      ? {
          unaccountedMeanMs: unaccounted.sumNs / stageRequests / 1e6,
          unaccountedP50Ms: percentile(unaccounted, 500),
        }
      : {}),
    ...(!oneClock && residual.count > 0
      ? { transportResidualMeanMs: residual.sumNs / residual.count / 1e6 }
      : {}),
    ...(tail && {
      tailRequests: tail.requests,
      stageServiceTailMeanMs: tail.serviceNs / tail.requests / 1e6,
      unaccountedTailMeanMs:
        oneClock && tail.unaccountedNs !== undefined ? tail.unaccountedNs / tail.requests / 1e6 : undefined,
    }),
  };
}

/** Weighted by requests; sums have no percentiles. */
function serverMeanMs(tallies: readonly RunTally[], stage: Stage): number | undefined {
  const parts = tallies.flatMap(({ serverMeans }) => serverMeans?.stages[stage] ?? []);
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  return count === 0 ? undefined : parts.reduce((sum, part) => sum + part.sumNs, 0) / count / 1e6;
}

function percentile(distribution: Distribution, perMille: number): number | undefined {
  const quantile = quantiles(distribution)(perMille);
  return typeof quantile === "string" ? undefined : quantile.ns / 1e6;
}
