import { TransportError } from "../core/errors.ts";
import { readServerTiming } from "../core/parameters.ts";
import type { Tensor } from "../core/tensor.ts";
import { createMarks } from "../core/transport.ts";
import { requestId } from "../recording/broker-marks.ts";
import type { InFlight } from "./in-flight.ts";
import type { LoadContext } from "./load-context.ts";

/** Which request is sent how. */
export interface Sending {
  /** Which of the context's clients. */
  readonly client: number;
  readonly frame: number;
  /** Counts it while it is out. */
  readonly inFlight: InFlight;
}

/**
 * Sends one scheduled request and records what became of it. Whatever goes wrong with it is its outcome. Where preparing
 * gives no promise, it has been handed to the client when this returns.
 *
 * @param seq - the row that the recorder gave it.
 * @returns whether a good answer came.
 * @throws what `check` throws.
 */
export async function sendRequest(context: LoadContext, seq: number, sending: Sending): Promise<boolean> {
  const { recorder, clock, clients } = context;
  const { client: clientIndex, frame, inFlight } = sending;
  const client = clients[clientIndex];
  if (client === undefined) throw new RangeError(`client ${clientIndex} of ${clients.length}`);
  const id = requestId(context.idPrefix, seq);
  const marks = createMarks();
  let answer: readonly Tensor[];
  const startNs = clock.nowNs();
  inFlight.enter(startNs);
  recorder.started(seq, clientIndex, startNs);
  try {
    const preparing = context.prepare(frame, id);
    // Awaiting what is there already would let the requests that are due at the same time go first.
    const { request, preprocessedNs } = preparing instanceof Promise ? await preparing : preparing;
    if (preprocessedNs !== undefined) recorder.preprocessed(seq, preprocessedNs);
    const response = await client.infer(request, {
      marks,
      signal: context.signal,
      deadlineMs: context.timeoutMs,
    });
    if (response.id !== id) {
      throw new TransportError("DATA_LOSS", `the answer to request '${id}' carries the id '${response.id}'`);
    }
    if (context.finish === undefined) {
      answer = response.outputs;
    } else {
      recorder.decoded(seq, clock.nowNs());
      answer = await context.finish(response, frame);
    }
    const doneNs = clock.nowNs();
    inFlight.leave(doneNs);
    recorder.travelled(seq, marks);
    const timing = readServerTiming(response.parameters);
    if (timing !== undefined) recorder.timed(seq, timing);
    recorder.answered(seq, doneNs);
  } catch (reason) {
    const doneNs = clock.nowNs();
    inFlight.leave(doneNs);
    recorder.travelled(seq, marks);
    recorder.failed(seq, reason, doneNs);
    if (marks.receivedNs === 0) recorder.watchLate(marks);
    return false;
  }
  context.check?.(answer, frame, seq);
  return true;
}
