import { TransportError } from "../../../src/core/errors.ts";
import type { ServerTiming } from "../../../src/core/parameters.ts";
import type { FailureStatus } from "../../../src/core/status.ts";
import { createRecorder, type RunFrame } from "../../../src/recording/recorder.ts";
import type { RunRecord } from "../../../src/recording/run-record.ts";

/** One request of a made run; times in milliseconds of the run, each stage after the other. */
export interface MadeRequest {
  readonly intendedMs: number;
  /** Start after intended. @default 0 */
  readonly lateMs?: number;
  /** @default 10, all of it infer */
  readonly serviceMs?: number;
  readonly status?: FailureStatus;
  readonly dropped?: boolean;
  /** Given up with `status` while it waited for its turn: it was never started. */
  readonly unstarted?: boolean;
  readonly timing?: ServerTiming | "none";
}

export const OUR_CLOCK = "our-clock";
export const START_NS = 5_000e9;

/** Ten milliseconds whose stages are 1 ms of encode, uplink, decode, queue, infer 3, encode 1, downlink and decode 1. */
export function timingAt(sentNs: number, inferNs: number, clockId = OUR_CLOCK): ServerTiming {
  return {
    inNs: sentNs + 1e6,
    outNs: sentNs + 1e6 + 3e6 + inferNs,
    clockId,
    decodeNs: 1e6,
    queueNs: 1e6,
    preprocessNs: undefined,
    inferNs,
    postprocessNs: undefined,
    encodeNs: 1e6,
  };
}

/** A record as the loops make it. */
export function madeRun(requests: readonly MadeRequest[], frame: Partial<RunFrame> = {}): RunRecord {
  const recorder = createRecorder({ capacity: requests.length, clockId: OUR_CLOCK });
  for (const { intendedMs, lateMs = 0, serviceMs = 10, status, dropped, unstarted, timing } of requests) {
    const intendedNs = START_NS + intendedMs * 1e6;
    const seq = recorder.scheduled(0, intendedNs);
    if (dropped === true) {
      recorder.dropped(seq);
      continue;
    }
    const startNs = intendedNs + lateMs * 1e6;
    const doneNs = startNs + serviceMs * 1e6;
    if (unstarted === true && status !== undefined) {
      recorder.failed(seq, new TransportError(status, "waited too long"), doneNs);
      continue;
    }
    recorder.started(seq, 0, startNs);
    const sentNs = startNs + 1e6;
    if (status !== undefined) {
      recorder.travelled(seq, { sentNs, receivedNs: 0, requestPayloadBytes: 100, responsePayloadBytes: 0 });
      recorder.failed(seq, new TransportError(status, `${status} happened`), doneNs);
      continue;
    }
    recorder.travelled(seq, {
      sentNs,
      receivedNs: doneNs - 1e6,
      requestPayloadBytes: 100,
      responsePayloadBytes: 20,
    });
    if (timing !== "none") recorder.timed(seq, timing ?? timingAt(sentNs, serviceMs * 1e6 - 7e6));
    recorder.answered(seq, doneNs);
  }
  return recorder.finish({
    idPrefix: "r-",
    windowStartNs: START_NS,
    windowEndNs: START_NS + 1e9,
    timeoutMs: 10_000,
    aborted: false,
    ...frame,
  });
}

/** `count` requests at equal gaps over one second, all answered in the same time. */
export function steadyRun(count: number, serviceMs = 10): readonly MadeRequest[] {
  return Array.from({ length: count }, (_, index) => ({ intendedMs: (index * 1000) / count, serviceMs }));
}
