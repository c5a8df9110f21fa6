import { type Distribution, mergeDistributions } from "./distribution.ts";
import { type DurationFigures, durationFigures, type FiguresDetail } from "./duration-figures.ts";
import type { EffectiveNumber } from "./effective-number.ts";
import { type GeneratorShare, mergeShares } from "./generator-share.ts";
import { type LatenessEffect, latenessEffect } from "./lateness-effect.ts";
import { PROCESS_ROLES, type ProcessRole, type RequestCost, requestCost } from "./process-costs.ts";
import type { FailureCount, RunRecord } from "./run-record.ts";
import type { RunTally } from "./run-tally.ts";
import { type StageBreakdown, stageFigures } from "./stage-figures.ts";
import { type TallyContext, tallyRun } from "./tally.ts";
import { type TimeFigures, timeFigures } from "./time-figures.ts";

export type { StageFigures } from "./stage-figures.ts";

import { type FleetFigures, fleetFigures } from "./vehicle-figures.ts";
import { type WireBytesPerRequest, wireBytesPerRequest } from "./wire-bytes.ts";

/** Every number of one row of `summary.csv`. A figure is absent where it is not available, never zero for that. */
export interface CellFigures extends StageBreakdown, TimeFigures {
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
  /** Queries of `multi-stream`, each as long as its slowest sample. */
  readonly query?: DurationFigures | undefined;
  /** Each vehicle by itself, and how fairly they were treated; absent in cells without vehicles. */
  readonly fleet?: FleetFigures | undefined;
  readonly jitterMeanAbsDiffMs?: number | undefined;
  readonly jitterRfc3550Ms?: number | undefined;
  /** The percentile that send lateness changes most, if any; open loop only. */
  readonly latenessEffect?: LatenessEffect | undefined;
  /** What of the response time passed in the generator's hands; open loop only. */
  readonly generatorShare?: GeneratorShare | undefined;
  /** Means over good answers. */
  readonly requestPayloadBytes?: number | undefined;
  readonly responsePayloadBytes?: number | undefined;
  /** What crossed the client's link, a request and direction each; says how it was counted. */
  readonly wire?: WireBytesPerRequest | undefined;
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
  const response = merged((tally) => tally.response);
  const service = merged((tally) => tally.service);
  const openLoop = tallies.every((tally) => tally.concurrency === undefined);
  const time = quick ? { figures: { weakPercentiles: [] }, effective: undefined } : timeFigures(tallies);
  const durations = {
    response: withMeanInterval(durationFigures(response, detail), openLoop ? time.effective : undefined),
    okResponse: durationFigures(
      merged((tally) => tally.okResponse),
      detail,
    ),
    service: withMeanInterval(durationFigures(service, detail), openLoop ? undefined : time.effective),
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
    query: tallies.some(({ query }) => query !== undefined)
      ? durationFigures(
          merged(({ query }) => query),
          detail,
        )
      : undefined,
    fleet: fleetFigures(
      tallies.map(({ vehicles }) => vehicles),
      windowSec,
      detail,
    ),
    ...jitterFigures(tallies),
    ...time.figures,
    ...stageFigures(tallies, detail),
    latenessEffect:
      openLoop && !quick
        ? latenessEffect(
            response,
            merged((tally) => tally.onTime ?? tally.service),
          )
        : undefined,
    generatorShare: mergeShares(tallies.flatMap((tally) => tally.generatorShare ?? [])),
    requestPayloadBytes: ok > 0 ? total((tally) => tally.requestPayloadBytes) / ok : undefined,
    responsePayloadBytes: ok > 0 ? total((tally) => tally.responsePayloadBytes) / ok : undefined,
    wire: wireBytesPerRequest(tallies.map(({ wire }) => wire)),
    costs: Object.fromEntries(
      PROCESS_ROLES.flatMap((role) => {
        // What was dropped, or given up while it waited for its turn, was never sent and has no service time.
        const runs = tallies.map(({ service: { count, infinite }, costs }) => ({
          sent: count + infinite,
          costs,
        }));
        const cost = requestCost(role, runs);
        return cost === undefined ? [] : [[role, cost]];
      }),
    ),
    censored: (
      [
        ["response", durations.response],
        ["service", durations.service],
      ] as const
    ).flatMap(([name, figures]) =>
      figures.censored.filter(hasColumn).map((figure) => `${name}_${figure}>${timeoutMs}`),
    ),
  };
}

/** Intervals of other percentiles than these two have no column of their own. */
function hasColumn(figure: string): boolean {
  return !/_(low|high)$/.test(figure) || /^p(50|99)_(low|high)$/.test(figure);
}

/** Where anything is unanswered there is no mean, and no interval of it. */
function withMeanInterval(figures: DurationFigures, effective: EffectiveNumber | undefined): DurationFigures {
  if (effective === undefined || figures.meanMs === undefined) return figures;
  const halfMs = effective.meanHalfWidthNs / 1e6;
  return { ...figures, meanLowMs: Math.max(0, figures.meanMs - halfMs), meanHighMs: figures.meanMs + halfMs };
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
