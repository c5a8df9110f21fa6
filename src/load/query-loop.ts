import { setMaxListeners } from "node:events";
import type { RunRecord } from "../recording/run-record.ts";
import { createInFlight } from "./in-flight.ts";
import { awaitLateAnswers } from "./late-answers.ts";
import { createProgress, type LoadContext } from "./load-context.ts";
import { checkLength, type RunLength } from "./schedule.ts";
import { sendRequest } from "./send-request.ts";
import { backoffMs, sleepUntil } from "./sleep.ts";

export interface QueryLoopOptions {
  /** Sample i of a query uses client i modulo the number of clients. */
  readonly samplesPerQuery: number;
  /** As of the closed loop; requests are samples, rounded up to whole queries. */
  readonly stop: RunLength;
}

/**
 * MLPerf's multi-stream: sends the samples of a query at once, and the next query when all of them have ended. All samples of
 * a query are intended for the same moment, the one at which the query before had ended; by that they are told apart.
 *
 * @throws {RangeError} for options that make no run. Whatever happens to a request is a row, not an exception.
 */
export async function runQueryLoop(context: LoadContext, options: QueryLoopOptions): Promise<RunRecord> {
  const { recorder, clock, signal, clients, timeoutMs, idPrefix } = context;
  const { samplesPerQuery, stop } = options;
  checkLength(stop);
  if (!(Number.isSafeInteger(samplesPerQuery) && samplesPerQuery > 0)) {
    throw new RangeError(`samplesPerQuery: expected a whole number above 0, got ${samplesPerQuery}`);
  }
  setMaxListeners(0, signal);
  const inFlight = createInFlight({ clock, seed: context.seed ?? 1 });
  if (context.beginNs !== undefined) await sleepUntil(context.beginNs, clock, signal);
  const startNs = clock.nowNs();
  const durationEndNs = stop.durationMs === undefined ? startNs : startNs + stop.durationMs * 1e6;
  const wanted = stop.requests ?? 0;
  const progress = createProgress(context, (elapsedMs) =>
    Math.min(
      stop.durationMs === undefined ? 1 : elapsedMs / stop.durationMs,
      stop.requests === undefined ? 1 : recorder.counts.requests / stop.requests,
    ),
  );

  let freeNs = startNs;
  let lastIntendedNs = startNs;
  let lastDoneNs = startNs;
  let failuresInRow = 0;
  while (!signal.aborted && (freeNs < durationEndNs || recorder.counts.requests < wanted)) {
    lastIntendedNs = freeNs;
    const samples = Array.from({ length: samplesPerQuery }, (_, sample) => {
      const frame = recorder.counts.requests % context.frameCount;
      const seq = recorder.scheduled(frame, lastIntendedNs);
      return sendRequest(context, seq, { client: sample % clients.length, frame, inFlight });
    });
    const ends = await Promise.allSettled(samples);
    for (const end of ends) if (end.status === "rejected") throw end.reason;
    lastDoneNs = clock.nowNs();
    freeNs = lastDoneNs;
    progress();
    failuresInRow = ends.some((end) => end.status === "fulfilled" && end.value) ? 0 : failuresInRow + 1;
    if (failuresInRow > 0) {
      await sleepUntil(freeNs + backoffMs(failuresInRow) * 1e6, clock, signal);
      freeNs = clock.nowNs();
    }
  }
  await awaitLateAnswers(context);

  const plannedEndNs = lastIntendedNs < durationEndNs ? durationEndNs : lastDoneNs;
  const endNs = signal.aborted ? Math.min(plannedEndNs, clock.nowNs()) : plannedEndNs;
  return recorder.finish({
    idPrefix,
    windowStartNs: startNs,
    windowEndNs: endNs,
    timeoutMs,
    concurrency: samplesPerQuery,
    aborted: signal.aborted,
    inFlight: inFlight.samples({ startNs, endNs }),
  });
}
