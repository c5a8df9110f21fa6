import { STAGES, type Stage } from "../core/stage.ts";
import { type Distribution, mergeDistributions, quantiles } from "./distribution.ts";
import {
  type DurationFigures,
  durationFigures,
  FEWEST_REQUESTS,
  type FiguresDetail,
} from "./duration-figures.ts";
import { PROCESS_ROLES, type ProcessRole, type RequestCost, requestCost } from "./process-costs.ts";
import type { FailureCount, RunRecord } from "./run-record.ts";
import { type RunTally, type TallyContext, tallyRun } from "./tally.ts";

/** One stage of the answered requests, milliseconds. */
export interface StageFigures {
  /** Over all requests that the stages are made of: these means and `unaccounted` add up to the service time. */
  readonly meanMs: number;
  readonly p50Ms?: number | undefined;
  readonly p99Ms?: number | undefined;
}

/** Every number of one row of `summary.csv`. A figure is absent where it is not available, never zero for that. */
export interface CellFigures {
  readonly runs: number;
  readonly requests: number;
  readonly ok: number;
  readonly failed: number;
  readonly timedOut: number;
  readonly dropped: number;
  readonly lateAnswers: number;
  /** Requests that were started more than 1 ms after their intended time. */
  readonly lateStarts: number;
  readonly failures: readonly FailureCount[];
  readonly windowSec: number;
  /** Good answers within the windows ÷ their length. */
  readonly throughputPerSec?: number | undefined;
  readonly goodputPerSec?: number | undefined;
  /** Scheduled requests ÷ the windows' length: the open loop's own rate. */
  readonly scheduledPerSec?: number | undefined;
  /** Good answers within the windows, and how many more would be there if what is in flight at their end were done. */
  readonly completed: number;
  readonly inFlightAllowance: number;
  readonly unansweredAtEnd: number;
  readonly aborted: boolean;
  readonly timeoutMs: number;
  readonly response: DurationFigures;
  readonly okResponse: DurationFigures;
  readonly service: DurationFigures;
  readonly sendLateness: DurationFigures;
  readonly jitterMeanAbsDiffMs?: number | undefined;
  readonly jitterRfc3550Ms?: number | undefined;
  readonly clock: "one" | "several";
  readonly stageRequests: number;
  readonly stages: Readonly<Partial<Record<Stage, StageFigures>>>;
  /** Mean service time of the requests that the stages are made of. */
  readonly stageServiceMeanMs?: number | undefined;
  readonly unaccountedMeanMs?: number | undefined;
  readonly unaccountedP50Ms?: number | undefined;
  readonly transportResidualMeanMs?: number | undefined;
  /** Means over good answers. */
  readonly requestPayloadBytes?: number | undefined;
  readonly responsePayloadBytes?: number | undefined;
  readonly costs: Readonly<Partial<Record<ProcessRole, RequestCost>>>;
  /** `response_p99>10000`: figures above the timeout of that many milliseconds, whose own cell is empty. */
  readonly censored: readonly string[];
}

export interface FiguresContext {
  /** The bench ran with `--quick`: medians and means only. */
  readonly quick: boolean;
}

/** The figures of one or more runs of a cell, from their records. Pure. */
export function summarise(
  records: readonly RunRecord[],
  context: FiguresContext & TallyContext,
): CellFigures {
  return figuresOf(
    records.map((record) => tallyRun(record, context)),
    context,
  );
}

/** The same from runs that are counted already: distributions are merged, percentiles never averaged. Pure. */
export function figuresOf(tallies: readonly RunTally[], { quick }: FiguresContext): CellFigures {
  const total = (pick: (tally: RunTally) => number | undefined): number =>
    tallies.reduce((sum, tally) => sum + (pick(tally) ?? 0), 0);
  const merged = (pick: (tally: RunTally) => Distribution | undefined): Distribution =>
    mergeDistributions(tallies.flatMap((tally) => pick(tally) ?? []));
  const detail: FiguresDetail = { medianOnly: quick };
  const requests = total((tally) => tally.requests);
  const dropped = total((tally) => tally.dropped);
  const ok = total((tally) => tally.ok);
  const windowSec = total((tally) => tally.windowNs) / 1e9;
  const perSec = (count: number): number | undefined => (windowSec > 0 ? count / windowSec : undefined);
  const timeoutMs = Math.max(0, ...tallies.map((tally) => tally.timeoutMs));
  const durations = {
    response: durationFigures(
      merged((tally) => tally.response),
      detail,
    ),
    okResponse: durationFigures(
      merged((tally) => tally.okResponse),
      detail,
    ),
    service: durationFigures(
      merged((tally) => tally.service),
      detail,
    ),
    sendLateness: durationFigures(
      merged((tally) => tally.sendLateness),
      detail,
    ),
  };
  return {
    runs: tallies.length,
    requests,
    ok,
    failed: total((tally) => tally.failed),
    timedOut: total((tally) => tally.timedOut),
    dropped,
    lateAnswers: total((tally) => tally.lateAnswers),
    lateStarts: total((tally) => tally.lateStarts),
    failures: mergeFailures(tallies),
    windowSec,
    throughputPerSec: perSec(total((tally) => tally.completed)),
    goodputPerSec: tallies.every((tally) => tally.completedInTime !== undefined)
      ? perSec(total((tally) => tally.completedInTime))
      : undefined,
    scheduledPerSec: perSec(requests),
    completed: total((tally) => tally.completed),
    inFlightAllowance: total(allowance),
    unansweredAtEnd: Math.max(0, ...tallies.map((tally) => tally.unansweredAtEnd)),
    aborted: tallies.some((tally) => tally.aborted),
    timeoutMs,
    ...durations,
    ...jitterFigures(tallies),
    ...stageFigures(tallies, detail),
    requestPayloadBytes: ok > 0 ? total((tally) => tally.requestPayloadBytes) / ok : undefined,
    responsePayloadBytes: ok > 0 ? total((tally) => tally.responsePayloadBytes) / ok : undefined,
    costs: Object.fromEntries(
      PROCESS_ROLES.flatMap((role) => {
        const runs = tallies.map((tally) => ({ sent: tally.requests - tally.dropped, costs: tally.costs }));
        const cost = requestCost(role, runs);
        return cost === undefined ? [] : [[role, cost]];
      }),
    ),
    censored: (
      [
        ["response", durations.response],
        ["service", durations.service],
      ] as const
    ).flatMap(([name, figures]) => figures.censored.map((figure) => `${name}_${figure}>${timeoutMs}`)),
  };
}

/** Requests that are in flight at a window's end even in a system that keeps up: Little's law, and one for luck. */
function allowance({ requests, windowNs, earlyResponseNs }: RunTally): number {
  return windowNs > 0 ? Math.ceil((requests * (earlyResponseNs ?? 0)) / windowNs) + 1 : 0;
}

function mergeFailures(tallies: readonly RunTally[]): readonly FailureCount[] {
  const sums = new Map<string, FailureCount>();
  for (const failure of tallies.flatMap(({ failures }) => failures)) {
    const known = sums.get(failure.status);
    sums.set(failure.status, known ? { ...known, count: known.count + failure.count } : failure);
  }
  return [...sums.values()].sort((a, b) => b.count - a.count);
}

function jitterFigures(
  tallies: readonly RunTally[],
): Pick<CellFigures, "jitterMeanAbsDiffMs" | "jitterRfc3550Ms"> {
  const jitters = tallies.flatMap(({ jitter }) => jitter ?? []);
  const pairs = jitters.reduce((sum, jitter) => sum + jitter.pairs, 0);
  if (jitters.length < tallies.length || pairs === 0) return {};
  return {
    jitterMeanAbsDiffMs: jitters.reduce((sum, jitter) => sum + jitter.absoluteNs, 0) / pairs / 1e6,
    jitterRfc3550Ms: jitters.reduce((sum, jitter) => sum + jitter.smoothedNs, 0) / pairs / 1e6,
  };
}

type StagePart = Pick<
  CellFigures,
  | "clock"
  | "stageRequests"
  | "stages"
  | "stageServiceMeanMs"
  | "unaccountedMeanMs"
  | "unaccountedP50Ms"
  | "transportResidualMeanMs"
>;

function stageFigures(tallies: readonly RunTally[], { medianOnly }: FiguresDetail): StagePart {
  const answered = tallies.filter(({ stageRequests }) => stageRequests > 0);
  const stageRequests = answered.reduce((sum, tally) => sum + tally.stageRequests, 0);
  const oneClock = answered.length > 0 && answered.every(({ clock }) => clock === "one");
  const clock = oneClock ? "one" : "several";
  if (stageRequests === 0) return { clock, stageRequests, stages: {} };
  const merged = (pick: (tally: RunTally) => Distribution | undefined): Distribution =>
    mergeDistributions(answered.flatMap((tally) => pick(tally) ?? []));
  const percentile = (distribution: Distribution, perMille: number): number | undefined => {
    const quantile = quantiles(distribution)(perMille);
    return typeof quantile === "string" ? undefined : quantile.ns / 1e6;
  };
  const stages: Partial<Record<Stage, StageFigures>> = {};
  for (const stage of STAGES) {
    const distribution = merged((tally) => tally.stages[stage]);
    if (distribution.count === 0) continue;
    stages[stage] = {
      meanMs: distribution.sumNs / stageRequests / 1e6,
      p50Ms: percentile(distribution, 500),
      p99Ms:
        !medianOnly && distribution.count >= FEWEST_REQUESTS.p99 ? percentile(distribution, 990) : undefined,
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
  };
}
