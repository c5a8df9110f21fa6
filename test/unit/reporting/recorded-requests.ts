import { TransportError } from "../../../src/core/errors.ts";
import type { Random } from "../../../src/core/random.ts";
import { createRandom } from "../../../src/core/random.ts";
import { joinBrokerMarks } from "../../../src/recording/broker-marks.ts";
import { createRecorder } from "../../../src/recording/recorder.ts";
import type { RunRecord } from "../../../src/recording/run-record.ts";

export const WINDOW_NS = 9_123_456_789_012;

export interface RecordedOptions {
  readonly requests: number;
  readonly seed?: number;
  readonly broker?: boolean;
  /** Client-side pre- and post-processing. */
  readonly placement?: "client" | "server";
  readonly clock?: "ours" | "another" | "none";
}

/** A run of overlapping requests with every kind of outcome; times are whole nanoseconds of a seeded generator. */
export function recordedRequests({
  requests,
  seed = 1,
  broker = false,
  placement = "server",
  clock = "ours",
}: RecordedOptions): RunRecord {
  const random: Random = createRandom(seed);
  const some = (most: number): number => 1 + Math.floor(random.fraction() * most);
  const recorder = createRecorder({ clockId: "ours" });
  const marks: Parameters<typeof joinBrokerMarks>[1] = [];
  let intendedNs = WINDOW_NS;
  for (let index = 0; index < requests; index += 1) {
    intendedNs += some(4e6);
    const seq = recorder.scheduled(index % 3, intendedNs);
    if (index % 11 === 5) {
      recorder.dropped(seq);
      continue;
    }
    let at = intendedNs + some(1e6);
    recorder.started(seq, index % 2, at);
    const pass = (most: number): number => {
      at += some(most);
      return at;
    };
    if (placement === "client") recorder.preprocessed(seq, pass(2e6));
    const sentNs = pass(1e6);
    const bytes = { requestPayloadBytes: 100, responsePayloadBytes: 20 };
    if (index % 13 === 7) {
      recorder.travelled(seq, { sentNs, receivedNs: 0, ...bytes });
      recorder.failed(seq, new TransportError("DEADLINE_EXCEEDED", "slow"), pass(9e6));
      continue;
    }
    const hop = { requestInNs: pass(1e6), requestOutNs: pass(1e6) };
    const inNs = pass(1e6);
    const stages = { decodeNs: some(1e6), queueNs: some(1e6), inferNs: some(9e6), encodeNs: some(1e6) };
    at += stages.decodeNs + stages.queueNs + stages.inferNs + stages.encodeNs;
    const outNs = pass(2e5);
    const back = { responseInNs: pass(1e6), responseOutNs: pass(1e6) };
    const receivedNs = pass(1e6);
    if (placement === "client") recorder.decoded(seq, pass(1e6));
    recorder.travelled(seq, { sentNs, receivedNs, ...bytes });
    if (clock !== "none") {
      const shift = clock === "ours" ? 0 : 5e12;
      const outside = { preprocessNs: undefined, postprocessNs: undefined, clockId: clock };
      recorder.timed(seq, { inNs: inNs + shift, outNs: outNs + shift, ...stages, ...outside });
    }
    recorder.answered(seq, pass(1e6));
    if (broker) (marks as object[]).push({ requestId: `q-${seq}`, ...hop, ...back });
  }
  const record = recorder.finish({
    idPrefix: "q-",
    windowStartNs: WINDOW_NS,
    windowEndNs: intendedNs,
    timeoutMs: 10_000,
    aborted: false,
  });
  joinBrokerMarks(record, marks);
  return record;
}
