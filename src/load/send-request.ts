import { TransportError } from "../core/errors.ts";
import { readServerTiming } from "../core/parameters.ts";
import type { Tensor } from "../core/tensor.ts";
import { createMarks } from "../core/transport.ts";
import { requestId } from "../recording/broker-marks.ts";
import type { LoadContext } from "./load-context.ts";

/**
 * Sends one scheduled request and records what became of it. Whatever goes wrong with it is its outcome.
 *
 * @param seq - the row that the recorder gave it.
 * @param clientIndex - which of the context's clients.
 * @returns whether a good answer came.
 * @throws what `check` throws.
 */
export async function sendRequest(context: LoadContext, seq: number, clientIndex: number): Promise<boolean> {
  const { recorder, clock, clients } = context;
  const client = clients[clientIndex];
  if (client === undefined) throw new RangeError(`client ${clientIndex} of ${clients.length}`);
  const frameIndex = seq % context.frameCount;
  const id = requestId(context.idPrefix, seq);
  const marks = createMarks();
  let answer: readonly Tensor[];
  recorder.started(seq, clientIndex, clock.nowNs());
  try {
    const { request, preprocessedNs } = await context.prepare(frameIndex, id);
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
      answer = await context.finish(response, frameIndex);
    }
    const doneNs = clock.nowNs();
    recorder.travelled(seq, marks);
    const timing = readServerTiming(response.parameters);
    if (timing !== undefined) recorder.timed(seq, timing);
    recorder.answered(seq, doneNs);
  } catch (reason) {
    const doneNs = clock.nowNs();
    recorder.travelled(seq, marks);
    recorder.failed(seq, reason, doneNs);
    if (marks.receivedNs === 0) recorder.watchLate(marks);
    return false;
  }
  context.check?.(answer, frameIndex, seq);
  return true;
}
