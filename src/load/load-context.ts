import type { Clock } from "../core/clock.ts";
import type { InferRequest, InferResponse } from "../core/inference.ts";
import type { Tensor } from "../core/tensor.ts";
import type { InferenceClient } from "../core/transport.ts";
import type { Recorder, RunCounts } from "../recording/recorder.ts";
import type { Pacer } from "./pacer.ts";

/** A request ready to be handed to a client. */
export interface Prepared {
  readonly request: InferRequest;
  /** When client-side pre-processing ended, on the context's clock; absent where the cell has none. */
  readonly preprocessedNs?: number | undefined;
}

/** All that the loops need to send requests: they know neither transport nor model nor encoding. */
export interface LoadContext {
  /** At least one; one connection each. */
  readonly clients: readonly InferenceClient[];
  /** Requests take the frames in turn, each vehicle from its own first one. */
  readonly frameCount: number;
  /** Client-side pre-processing and image encoding; its time counts. A throw becomes a failed request. */
  prepare(frameIndex: number, id: string): Prepared | Promise<Prepared>;
  /** Client-side post-processing; its time counts. @default none: the answer is the response's outputs */
  finish?(response: InferResponse, frameIndex: number): readonly Tensor[] | Promise<readonly Tensor[]>;
  /** Sees every good answer after its `done` mark, outside all times. A throw ends the run and is thrown by it. */
  check?(answer: readonly Tensor[], frameIndex: number, seq: number): void;
  readonly recorder: Recorder;
  readonly clock: Clock;
  /** When the run begins, on the clock: several generators begin at one moment. @default at once */
  readonly beginNs?: number | undefined;
  /** How the open loop waits for its next request; made for its schedule. @default one that spins all the time */
  readonly pacer?: Pacer | undefined;
  /** Of the times at which requests in flight are counted. @default 1 */
  readonly seed?: number | undefined;
  /** A request is given up with DEADLINE_EXCEEDED this long after it was handed to the client. */
  readonly timeoutMs: number;
  /** Unique among the runs that one server and broker see; a request's id is this and its number. */
  readonly idPrefix: string;
  /** Aborted: nothing new is sent, what is out fails with the signal's reason, and the record says `aborted`. */
  readonly signal: AbortSignal;
  /** Called a few times a second at most. */
  onProgress?(progress: LoadProgress): void;
}

export interface LoadProgress {
  readonly counts: Readonly<RunCounts>;
  readonly elapsedMs: number;
  /** 0 to 1. */
  readonly fraction: number;
}

const PROGRESS_EVERY_NS = 200e6;

/** Passes progress on a few times a second; cheap in between. */
export function createProgress(
  { recorder, clock, onProgress }: LoadContext,
  fraction: (elapsedMs: number) => number,
): () => void {
  if (onProgress === undefined) return () => {};
  const startNs = clock.nowNs();
  let nextNs = startNs + PROGRESS_EVERY_NS;
  return () => {
    const nowNs = clock.nowNs();
    if (nowNs < nextNs) return;
    nextNs = nowNs + PROGRESS_EVERY_NS;
    const elapsedMs = (nowNs - startNs) / 1e6;
    onProgress({ counts: recorder.counts, elapsedMs, fraction: Math.min(1, fraction(elapsedMs)) });
  };
}
