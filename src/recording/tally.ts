import { type Status, statusCode } from "../core/status.ts";
import { addUnrecorded } from "./add-unrecorded.ts";
import { ageOf } from "./age.ts";
import { blocksOf } from "./blocks.ts";
import { distributionOf } from "./distribution.ts";
import { generatorShare } from "./generator-share.ts";
import { jitterOf } from "./jitter.ts";
import { inFlightTally } from "./little.ts";
import { ownLateness } from "./own-lateness.ts";
import type { ProcessCosts } from "./process-costs.ts";
import { queryTimes } from "./query-times.ts";
import type { FailureCount, RunRecord } from "./run-record.ts";
import type { RunTally, ServerMeans } from "./run-tally.ts";
import { stageTimes } from "./stages.ts";
import { stallsOf } from "./stalls.ts";
import { tailSums } from "./tail.ts";
import { vehicleTallies } from "./vehicle-figures.ts";
import type { WireBytes } from "./wire-bytes.ts";

export interface TallyContext {
  /** The wish: answers that come later are no goodput. Milliseconds from the intended time. */
  readonly deadlineMs?: number | undefined;
  /** Per frame index: nanoseconds that getting the frame took, before the run. */
  readonly retrieveNs?: ArrayLike<number> | undefined;
  /** The in-flight limit at which arrivals wait, which is no lateness of the generator. @default they do not wait */
  readonly waitsAt?: number | undefined;
  /** Requests of one intended time are the samples of a query. @default false */
  readonly queries?: boolean | undefined;
  readonly costs?: ProcessCosts | undefined;
  /** Stages that the server tells as sums. */
  readonly serverMeans?: ServerMeans | undefined;
  /** What crossed the links. */
  readonly wire?: WireBytes | undefined;
}

/** A start later than this is counted as late. */
const LATE_NS = 1e6;
const DEADLINE_EXCEEDED = statusCode("DEADLINE_EXCEEDED");
const CANCELLED = statusCode("CANCELLED");
const UNANSWERED: readonly number[] = (["UNAVAILABLE", "CANCELLED"] satisfies Status[]).map(statusCode);

/** Counts one run. Pure. Requests that the run's own end cancelled are not counted. */
export function tallyRun(record: RunRecord, context: TallyContext = {}): RunTally {
  return addUnrecorded(tallyRows(record, context), record);
}

function tallyRows(record: RunRecord, context: TallyContext): RunTally {
  const { columns, rows, windowEndNs } = record;
  const { status, dropped, intendedNs, startNs, doneNs } = columns;
  const deadlineNs = context.deadlineMs === undefined ? undefined : context.deadlineMs * 1e6;
  const response = new Float64Array(rows).fill(Number.NaN);
  const okResponse = response.slice();
  const service = response.slice();
  const lateness = response.slice();
  const counts = { ok: 0, failed: 0, timedOut: 0, dropped: 0 };
  let lateStarts = 0;
  let completed = 0;
  let inTime = 0;
  let requestPayloadBytes = 0;
  let responsePayloadBytes = 0;
  let unansweredAtEnd = 0;
  for (let row = 0; row < rows; row += 1) {
    if (dropped[row] === 1) {
      counts.dropped += 1;
      response[row] = Number.POSITIVE_INFINITY;
      continue;
    }
    const code = status[row]!;
    // Still out when the run was broken off, or cancelled by that.
    if (Number.isNaN(code) || (record.aborted && code === CANCELLED)) continue;
    lateness[row] = startNs[row]! - intendedNs[row]!;
    if (lateness[row]! > LATE_NS) lateStarts += 1;
    unansweredAtEnd = UNANSWERED.includes(code) ? unansweredAtEnd + 1 : 0;
    if (code !== 0) {
      if (code === DEADLINE_EXCEEDED) counts.timedOut += 1;
      else counts.failed += 1;
      response[row] = Number.POSITIVE_INFINITY;
      // Given up while it waited for its turn: it was never started.
      if (!Number.isNaN(startNs[row]!)) service[row] = Number.POSITIVE_INFINITY;
      continue;
    }
    counts.ok += 1;
    response[row] = doneNs[row]! - intendedNs[row]!;
    okResponse[row] = response[row]!;
    service[row] = doneNs[row]! - startNs[row]!;
    requestPayloadBytes += columns.requestPayloadBytes[row]!;
    responsePayloadBytes += columns.responsePayloadBytes[row]!;
    if (doneNs[row]! <= windowEndNs) {
      completed += 1;
      if (deadlineNs !== undefined && response[row]! <= deadlineNs) inTime += 1;
    }
  }
  const times = stageTimes(record, context.retrieveNs);
  const openLoop = record.concurrency === undefined;
  const { windowStartNs } = record;
  const { waitsAt } = context;
  const latenessNs = openLoop ? ownLateness(record, waitsAt) : lateness;
  return {
    requests: counts.ok + counts.failed + counts.timedOut + counts.dropped,
    ...counts,
    lateAnswers: record.lateAnswers,
    lateStarts,
    failures: record.aborted ? withoutCancelled(record.failures) : record.failures,
    windowNs: windowEndNs - record.windowStartNs,
    completed,
    completedInTime: deadlineNs === undefined ? undefined : inTime,
    earlyResponseNs: earlyMedian(okResponse, intendedNs, record),
    unansweredAtEnd,
    timeoutMs: record.timeoutMs,
    concurrency: record.concurrency,
    aborted: record.aborted,
    response: distributionOf(response),
    okResponse: distributionOf(okResponse),
    service: distributionOf(service),
    sendLateness: distributionOf(lateness),
    query: context.queries === true ? distributionOf(queryTimes(record, response)) : undefined,
    vehicles: vehicleTallies(record, response),
    onTime:
      waitsAt === undefined
        ? undefined
        : distributionOf(okResponse.map((value, row) => value - latenessNs[row]!)),
    jitter: (record.concurrency ?? 1) > 1 ? undefined : jitterOf(okResponse, columns.vehicle),
    blocks: blocksOf(openLoop ? okResponse : service, intendedNs, windowStartNs),
    age: openLoop ? ageOf(record) : undefined,
    inFlight: inFlightTally(record),
    stalls: stallsOf(record),
    clock: times.clock,
    stageRequests: times.requests,
    stages: Object.fromEntries([...times.stages].map(([stage, values]) => [stage, distributionOf(values)])),
    serverMeans: context.serverMeans,
    stageService: distributionOf(times.serviceNs),
    tail: tailSums(times),
    generatorShare: openLoop ? generatorShare(record, times, latenessNs) : undefined,
    unaccounted: times.unaccountedNs && distributionOf(times.unaccountedNs),
    residual: times.residualNs && distributionOf(times.residualNs),
    requestPayloadBytes,
    responsePayloadBytes,
    costs: context.costs ?? {},
    wire: context.wire,
  };
}

function withoutCancelled(failures: readonly FailureCount[]): readonly FailureCount[] {
  return failures.filter(({ status }) => status !== "CANCELLED");
}

function earlyMedian(
  okResponse: Float64Array,
  intendedNs: Float64Array,
  { windowStartNs, windowEndNs }: RunRecord,
): number | undefined {
  const end = windowStartNs + (windowEndNs - windowStartNs) / 4;
  const early = okResponse.filter((value, row) => !Number.isNaN(value) && intendedNs[row]! < end).sort();
  return early[Math.ceil(early.length / 2) - 1];
}
