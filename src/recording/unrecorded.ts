import { statusCode } from "../core/status.ts";
import type { Marks } from "../core/transport.ts";
import { type Distribution, mergeDistributions } from "./distribution.ts";
import { createRunningDistribution, type RunningDistribution } from "./running-distribution.ts";

/**
 * Requests of a run beyond those that have a row: counted when they end, their times in histograms, nothing else kept.
 * Plain data of a few kilobytes, however many they are.
 */
export interface UnrecordedRequests {
  /** Ended or dropped, without those that the run's own end cancelled. */
  readonly requests: number;
  readonly ok: number;
  readonly failed: number;
  readonly timedOut: number;
  readonly dropped: number;
  /** Failed before they were started: they have no service time. */
  readonly unstarted: number;
  /** Started more than 1 ms after their intended time. */
  readonly lateStarts: number;
  /** Good answers within the window, and those of them within the deadline, where there is one. */
  readonly completed: number;
  readonly completedInTime?: number | undefined;
  /** Failures in a row at the end of which the server did not answer. */
  readonly unansweredAtEnd: number;
  readonly okResponse: Distribution;
  /** Of good answers. */
  readonly service: Distribution;
  readonly sendLateness: Distribution;
  /** Sums over good answers. */
  readonly requestPayloadBytes: number;
  readonly responsePayloadBytes: number;
}

/** Counts requests without rows. Only what is in flight takes memory of its own. */
export interface UnrecordedCounter {
  scheduled(seq: number, intendedNs: number): void;
  dropped(seq: number): void;
  started(seq: number, startNs: number): void;
  travelled(seq: number, marks: Marks): void;
  answered(seq: number, doneNs: number): void;
  /** @param code - of its status. */
  failed(seq: number, code: number): void;
  /** @param run - good answers after its window's end are not `completed`; if it was aborted, CANCELLED ones do not count. */
  result(run: { readonly windowEndNs: number; readonly aborted: boolean }): UnrecordedRequests | undefined;
}

/** A start later than this is counted as late. */
const LATE_NS = 1e6;
/** So many of the last answers are remembered singly, to tell those after the window's end: more are never in flight. */
const LAST_ANSWERS = 65_536;
const DEADLINE_EXCEEDED = statusCode("DEADLINE_EXCEEDED");
const CANCELLED = statusCode("CANCELLED");
const UNAVAILABLE = statusCode("UNAVAILABLE");

interface Out {
  readonly intendedNs: number;
  startNs: number;
  requestPayloadBytes: number;
  responsePayloadBytes: number;
}

interface FailureCounter {
  count: number;
  unstarted: number;
  lateStarts: number;
  unansweredInARow: number;
  readonly lateness: RunningDistribution;
  late(latenessNs: number): void;
}

function createFailureCounter(): FailureCounter {
  const lateness = createRunningDistribution();
  const counter: FailureCounter = {
    count: 0,
    unstarted: 0,
    lateStarts: 0,
    unansweredInARow: 0,
    lateness,
    late(latenessNs) {
      lateness.record(latenessNs);
      if (latenessNs > LATE_NS) counter.lateStarts += 1;
    },
  };
  return counter;
}

/** @param deadlineMs - the wish that goodput counts by. */
export function createUnrecordedCounter(deadlineMs?: number): UnrecordedCounter {
  const deadlineNs = deadlineMs === undefined ? undefined : deadlineMs * 1e6;
  const out = new Map<number, Out>();
  const okResponse = createRunningDistribution();
  const service = createRunningDistribution();
  const lateness = createRunningDistribution();
  const cancelled = createFailureCounter();
  const failed = createFailureCounter();
  const lastDoneNs = new Float64Array(LAST_ANSWERS);
  const lastInTime = new Uint8Array(LAST_ANSWERS);
  let ok = 0;
  let timedOut = 0;
  let dropped = 0;
  let inTime = 0;
  let lateStarts = 0;
  let requestPayloadBytes = 0;
  let responsePayloadBytes = 0;

  const end = (seq: number): Out => {
    const request = out.get(seq)!;
    out.delete(seq);
    return request;
  };
  const late = ({ intendedNs, startNs }: Out): void => {
    lateness.record(startNs - intendedNs);
    if (startNs - intendedNs > LATE_NS) lateStarts += 1;
  };

  return {
    scheduled(seq, intendedNs) {
      out.set(seq, { intendedNs, startNs: Number.NaN, requestPayloadBytes: 0, responsePayloadBytes: 0 });
    },
    dropped(seq) {
      end(seq);
      dropped += 1;
    },
    started(seq, startNs) {
      out.get(seq)!.startNs = startNs;
    },
    travelled(seq, marks) {
      const request = out.get(seq)!;
      request.requestPayloadBytes = marks.requestPayloadBytes;
      request.responsePayloadBytes = marks.responsePayloadBytes;
    },
    answered(seq, doneNs) {
      const request = end(seq);
      late(request);
      const responseNs = doneNs - request.intendedNs;
      okResponse.record(responseNs);
      service.record(doneNs - request.startNs);
      requestPayloadBytes += request.requestPayloadBytes;
      responsePayloadBytes += request.responsePayloadBytes;
      failed.unansweredInARow = 0;
      cancelled.unansweredInARow = 0;
      const within = deadlineNs !== undefined && responseNs <= deadlineNs;
      if (within) inTime += 1;
      lastDoneNs[ok % LAST_ANSWERS] = doneNs;
      lastInTime[ok % LAST_ANSWERS] = within ? 1 : 0;
      ok += 1;
    },
    failed(seq, code) {
      const request = end(seq);
      // Whether those count is known at the run's end only.
      const counter = code === CANCELLED ? cancelled : failed;
      if (code === DEADLINE_EXCEEDED) timedOut += 1;
      else counter.count += 1;
      if (Number.isNaN(request.startNs)) counter.unstarted += 1;
      else counter.late(request.startNs - request.intendedNs);
      if (code === UNAVAILABLE) failed.unansweredInARow += 1;
      else if (code === CANCELLED) cancelled.unansweredInARow += 1;
      else {
        failed.unansweredInARow = 0;
        cancelled.unansweredInARow = 0;
      }
    },
    result({ windowEndNs, aborted }) {
      const counted = aborted ? [failed] : [failed, cancelled];
      const sum = (pick: (counter: FailureCounter) => number): number =>
        counted.reduce((total, counter) => total + pick(counter), 0);
      const failures = sum(({ count }) => count);
      const requests = ok + failures + timedOut + dropped;
      if (requests === 0) return undefined;
      let after = 0;
      let afterInTime = 0;
      for (let index = 0; index < Math.min(ok, LAST_ANSWERS); index += 1) {
        if (lastDoneNs[index]! <= windowEndNs) continue;
        after += 1;
        afterInTime += lastInTime[index]!;
      }
      return {
        requests,
        ok,
        failed: failures,
        timedOut,
        dropped,
        unstarted: sum(({ unstarted }) => unstarted),
        lateStarts: lateStarts + sum((counter) => counter.lateStarts),
        completed: ok - after,
        completedInTime: deadlineNs === undefined ? undefined : inTime - afterInTime,
        unansweredAtEnd: sum(({ unansweredInARow }) => unansweredInARow),
        okResponse: okResponse.distribution(0),
        service: service.distribution(0),
        sendLateness: mergeDistributions([
          lateness.distribution(0),
          ...counted.map((counter) => counter.lateness.distribution(0)),
        ]),
        requestPayloadBytes,
        responsePayloadBytes,
      };
    },
  };
}

/** Those of several generators together; `undefined` of nothing. */
export function joinUnrecorded(parts: readonly UnrecordedRequests[]): UnrecordedRequests | undefined {
  if (parts.length === 0) return undefined;
  const total = (pick: (part: UnrecordedRequests) => number): number =>
    parts.reduce((sum, part) => sum + pick(part), 0);
  const merged = (pick: (part: UnrecordedRequests) => Distribution): Distribution =>
    mergeDistributions(parts.map(pick));
  return {
    requests: total((part) => part.requests),
    ok: total((part) => part.ok),
    failed: total((part) => part.failed),
    timedOut: total((part) => part.timedOut),
    dropped: total((part) => part.dropped),
    unstarted: total((part) => part.unstarted),
    lateStarts: total((part) => part.lateStarts),
    completed: total((part) => part.completed),
    completedInTime: parts.every((part) => part.completedInTime !== undefined)
      ? total((part) => part.completedInTime ?? 0)
      : undefined,
    unansweredAtEnd: total((part) => part.unansweredAtEnd),
    okResponse: merged((part) => part.okResponse),
    service: merged((part) => part.service),
    sendLateness: merged((part) => part.sendLateness),
    requestPayloadBytes: total((part) => part.requestPayloadBytes),
    responsePayloadBytes: total((part) => part.responsePayloadBytes),
  };
}
