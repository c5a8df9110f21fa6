import type { Stage } from "../core/stage.ts";
import { type Status, statusCode } from "../core/status.ts";
import { type Distribution, distributionOf } from "./distribution.ts";
import { type Jitter, jitterOf } from "./jitter.ts";
import type { ProcessCosts } from "./process-costs.ts";
import type { FailureCount, RunRecord } from "./run-record.ts";
import { stageTimes } from "./stages.ts";

export interface TallyContext {
  /** The wish: answers that come later are no goodput. Milliseconds from the intended time. */
  readonly deadlineMs?: number | undefined;
  /** Per frame index: nanoseconds that getting the frame took, before the run. */
  readonly retrieveNs?: ArrayLike<number> | undefined;
  readonly costs?: ProcessCosts | undefined;
}

/**
 * One run, counted: all that figures are made of, in a few kilobytes of plain data that merge with other runs'.
 * `requests = ok + failed + timedOut + dropped`.
 */
export interface RunTally {
  readonly requests: number;
  readonly ok: number;
  readonly failed: number;
  /** DEADLINE_EXCEEDED. */
  readonly timedOut: number;
  readonly dropped: number;
  readonly lateAnswers: number;
  /** Requests that were started more than 1 ms after their intended time. */
  readonly lateStarts: number;
  readonly failures: readonly FailureCount[];
  readonly windowNs: number;
  /** Good answers within the window, and those of them within the deadline. */
  readonly completed: number;
  readonly completedInTime?: number | undefined;
  /** Median response time of the window's first quarter, nanoseconds: what is in flight anyway at its end. */
  readonly earlyResponseNs?: number | undefined;
  /** Failures in a row at the end of which the server did not answer (UNAVAILABLE, CANCELLED). */
  readonly unansweredAtEnd: number;
  readonly timeoutMs: number;
  readonly concurrency?: number | undefined;
  readonly aborted: boolean;
  /** Every scheduled request; what failed or was dropped is infinite. */
  readonly response: Distribution;
  /** Good answers alone. */
  readonly okResponse: Distribution;
  /** Every request that was started; what failed is infinite. */
  readonly service: Distribution;
  readonly sendLateness: Distribution;
  /** Absent for a closed loop above one outstanding. */
  readonly jitter?: Jitter | undefined;
  readonly clock: "one" | "several";
  readonly stageRequests: number;
  readonly stages: Readonly<Partial<Record<Stage, Distribution>>>;
  /** Service time of the requests that the stages are made of. */
  readonly stageService: Distribution;
  readonly unaccounted?: Distribution | undefined;
  readonly residual?: Distribution | undefined;
  /** Sums over good answers. */
  readonly requestPayloadBytes: number;
  readonly responsePayloadBytes: number;
  readonly costs: ProcessCosts;
}

/** A start later than this is counted as late. */
const LATE_NS = 1e6;
const DEADLINE_EXCEEDED = statusCode("DEADLINE_EXCEEDED");
const CANCELLED = statusCode("CANCELLED");
const UNANSWERED: readonly number[] = (["UNAVAILABLE", "CANCELLED"] satisfies Status[]).map(statusCode);

/** Counts one run. Pure. Requests that the run's own end cancelled are not counted. */
export function tallyRun(record: RunRecord, context: TallyContext = {}): RunTally {
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
      service[row] = Number.POSITIVE_INFINITY;
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
    jitter: (record.concurrency ?? 1) > 1 ? undefined : jitterOf(okResponse),
    clock: times.clock,
    stageRequests: times.requests,
    stages: Object.fromEntries([...times.stages].map(([stage, values]) => [stage, distributionOf(values)])),
    stageService: distributionOf(times.serviceNs),
    unaccounted: times.unaccountedNs && distributionOf(times.unaccountedNs),
    residual: times.residualNs && distributionOf(times.residualNs),
    requestPayloadBytes,
    responsePayloadBytes,
    costs: context.costs ?? {},
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
