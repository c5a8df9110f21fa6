import { mergeDistributions } from "./distribution.ts";
import type { RunRecord } from "./run-record.ts";
import type { RunTally } from "./run-tally.ts";

/**
 * A run's tally, made of its rows, with the requests that have none: counts, response and service times, send lateness,
 * throughput and bytes are then of all requests. Whatever else a tally holds (stages, jitter, blocks) stays that of the rows.
 */
export function addUnrecorded(tally: RunTally, { unrecorded }: RunRecord): RunTally {
  if (unrecorded === undefined) return tally;
  const unanswered = unrecorded.failed + unrecorded.timedOut;
  const { okResponse, service } = unrecorded;
  return {
    ...tally,
    requests: tally.requests + unrecorded.requests,
    ok: tally.ok + unrecorded.ok,
    failed: tally.failed + unrecorded.failed,
    timedOut: tally.timedOut + unrecorded.timedOut,
    dropped: tally.dropped + unrecorded.dropped,
    lateStarts: tally.lateStarts + unrecorded.lateStarts,
    completed: tally.completed + unrecorded.completed,
    completedInTime:
      tally.completedInTime === undefined || unrecorded.completedInTime === undefined
        ? undefined
        : tally.completedInTime + unrecorded.completedInTime,
    unansweredAtEnd:
      unrecorded.unansweredAtEnd === unrecorded.requests - unrecorded.dropped
        ? tally.unansweredAtEnd + unrecorded.unansweredAtEnd
        : unrecorded.unansweredAtEnd,
    response: mergeDistributions([
      tally.response,
      { ...okResponse, infinite: unanswered + unrecorded.dropped },
    ]),
    okResponse: mergeDistributions([tally.okResponse, okResponse]),
    service: mergeDistributions([tally.service, { ...service, infinite: unanswered - unrecorded.unstarted }]),
    sendLateness: mergeDistributions([tally.sendLateness, unrecorded.sendLateness]),
    requestPayloadBytes: tally.requestPayloadBytes + unrecorded.requestPayloadBytes,
    responsePayloadBytes: tally.responsePayloadBytes + unrecorded.responsePayloadBytes,
  };
}
