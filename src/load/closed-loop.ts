import { setMaxListeners } from "node:events";
import type { RunRecord } from "../recording/run-record.ts";
import { createInFlight } from "./in-flight.ts";
import { awaitLateAnswers } from "./late-answers.ts";
import { createProgress, type LoadContext } from "./load-context.ts";
import { checkLength, type RunLength } from "./schedule.ts";
import { sendRequest } from "./send-request.ts";
import { backoffMs, sleepUntil } from "./sleep.ts";

export interface ClosedLoopOptions {
  /** Requests outstanding; slot i uses client i modulo the number of clients. */
  readonly concurrency: number;
  /** `durationMs` or `requests` alone is the exact length; both: until both are met. */
  readonly stop: RunLength;
  /** Sees the time from intended to done of every good answer; true ends the run before its length. For warm-ups. */
  readonly endsEarly?: ((answerNs: number) => boolean) | undefined;
}

/**
 * Keeps `concurrency` requests outstanding: each slot sends its next one when its last has ended. A request is intended
 * for the moment its slot became free. The window ends with the duration, or with the last answer where the number of
 * requests is what ended the run.
 *
 * @throws {RangeError} for options that make no run. Whatever happens to a request is a row, not an exception.
 */
export async function runClosedLoop(context: LoadContext, options: ClosedLoopOptions): Promise<RunRecord> {
  const { recorder, clock, signal, clients, timeoutMs, idPrefix } = context;
  const { concurrency, stop } = options;
  checkLength(stop);
  if (!(Number.isSafeInteger(concurrency) && concurrency > 0)) {
    throw new RangeError(`concurrency: expected a whole number above 0, got ${concurrency}`);
  }
  const inFlight = createInFlight({ clock, seed: context.seed ?? 1 });
  // Every request in flight listens to the run's signal: more than ten are no leak.
  setMaxListeners(0, signal);
  if (context.beginNs !== undefined) await sleepUntil(context.beginNs, clock, signal);
  const startNs = clock.nowNs();
  const durationEndNs = stop.durationMs === undefined ? startNs : startNs + stop.durationMs * 1e6;
  const wanted = stop.requests ?? 0;
  let lastIntendedNs = startNs;
  let lastDoneNs = startNs;
  let ended = false;
  const progress = createProgress(context, (elapsedMs) =>
    Math.min(
      stop.durationMs === undefined ? 1 : elapsedMs / stop.durationMs,
      stop.requests === undefined ? 1 : recorder.counts.requests / stop.requests,
    ),
  );

  const runSlot = async (slot: number): Promise<void> => {
    let freeNs = clock.nowNs();
    let failuresInRow = 0;
    while (!signal.aborted && !ended && (freeNs < durationEndNs || recorder.counts.requests < wanted)) {
      const intendedNs = freeNs;
      lastIntendedNs = intendedNs;
      const frame = recorder.counts.requests % context.frameCount;
      const seq = recorder.scheduled(frame, intendedNs);
      const ok = await sendRequest(context, seq, { client: slot % clients.length, frame, inFlight });
      freeNs = clock.nowNs();
      if (ok && options.endsEarly?.(freeNs - intendedNs) === true) ended = true;
      lastDoneNs = freeNs;
      progress();
      failuresInRow = ok ? 0 : failuresInRow + 1;
      if (failuresInRow > 0) {
        await sleepUntil(freeNs + backoffMs(failuresInRow) * 1e6, clock, signal);
        freeNs = clock.nowNs();
      }
    }
  };
  const slots = Array.from({ length: concurrency }, (_, slot) =>
    runSlot(slot).catch((reason: unknown) => {
      ended = true;
      throw reason;
    }),
  );
  const ends = await Promise.allSettled(slots);
  for (const end of ends) if (end.status === "rejected") throw end.reason;

  await awaitLateAnswers(context);

  const plannedEndNs = lastIntendedNs < durationEndNs && !ended ? durationEndNs : lastDoneNs;
  const endNs = signal.aborted ? Math.min(plannedEndNs, clock.nowNs()) : plannedEndNs;
  return recorder.finish({
    idPrefix,
    windowStartNs: startNs,
    windowEndNs: endNs,
    timeoutMs,
    concurrency,
    aborted: signal.aborted,
    inFlight: inFlight.samples({ startNs, endNs }),
  });
}
