import { setMaxListeners } from "node:events";
import type { WhenBusy } from "../core/cell.ts";
import type { RunRecord } from "../recording/run-record.ts";
import { createProgress, type LoadContext } from "./load-context.ts";
import type { Schedule } from "./schedule.ts";
import { sendRequest } from "./send-request.ts";
import { sleepUntil } from "./sleep.ts";

export interface OpenLoopOptions extends Schedule {
  /** An arrival that finds so many requests out is treated as `whenBusy` says. */
  readonly maxInFlight: number;
  /** `drop-new`: the arrival is recorded as dropped and not sent. */
  readonly whenBusy: WhenBusy;
}

/**
 * Sends every request at its scheduled time, whatever became of the ones before, over the client with the fewest in
 * flight. After the last one waits until all are answered or timed out. The window is the schedule's length.
 *
 * @throws {RangeError} for options that make no run. Whatever happens to a request is a row, not an exception.
 */
export async function runOpenLoop(context: LoadContext, options: OpenLoopOptions): Promise<RunRecord> {
  const { recorder, clock, signal, clients, timeoutMs, idPrefix } = context;
  const { offsetsNs, lengthNs, maxInFlight } = options;
  if (!(Number.isSafeInteger(maxInFlight) && maxInFlight > 0)) {
    throw new RangeError(`maxInFlight: expected a whole number above 0, got ${maxInFlight}`);
  }
  setMaxListeners(0, signal);
  const inFlight = clients.map(() => 0);
  const crew = createCrew();
  const progress = createProgress(context, (elapsedMs) => (elapsedMs * 1e6) / lengthNs);

  const waitUntil = context.waitUntil ?? ((momentNs: number) => sleepUntil(momentNs, clock, signal));

  const startNs = clock.nowNs();
  let turn = 0;
  for (const offsetNs of offsetsNs) {
    const intendedNs = startNs + offsetNs;
    await waitUntil(intendedNs, signal);
    if (signal.aborted || crew.broken) break;
    const seq = recorder.scheduled(recorder.counts.requests % context.frameCount, intendedNs);
    if (crew.size >= maxInFlight) {
      recorder.dropped(seq);
    } else {
      const client = leastBusy(inFlight, turn);
      turn = (client + 1) % clients.length;
      inFlight[client] = (inFlight[client] ?? 0) + 1;
      crew.join(
        sendRequest(context, seq, client).finally(() => {
          inFlight[client] = (inFlight[client] ?? 0) - 1;
        }),
      );
    }
    progress();
  }
  await crew.drained();

  const endNs = startNs + lengthNs;
  return recorder.finish({
    idPrefix,
    windowStartNs: startNs,
    windowEndNs: signal.aborted ? Math.min(endNs, clock.nowNs()) : endNs,
    timeoutMs,
    aborted: signal.aborted,
  });
}

/** The client with the fewest requests in flight; among equals the first from `turn` on, so that all take part. */
function leastBusy(inFlight: readonly number[], turn: number): number {
  let best = turn;
  let fewest = Number.POSITIVE_INFINITY;
  for (let step = 0; step < inFlight.length; step += 1) {
    const client = (turn + step) % inFlight.length;
    const count = inFlight[client] ?? 0;
    if (count < fewest) {
      best = client;
      fewest = count;
    }
  }
  return best;
}

/** What is in flight, without keeping every promise of the run. */
interface Crew {
  readonly size: number;
  /** Something was thrown that is no request's outcome. */
  readonly broken: boolean;
  join(work: Promise<unknown>): void;
  /** Resolves when nothing is in flight. @throws the first thing that was thrown. */
  drained(): Promise<void>;
}

function createCrew(): Crew {
  let size = 0;
  let failure: { readonly reason: unknown } | undefined;
  let wake: (() => void) | undefined;
  const leave = (): void => {
    size -= 1;
    if (size === 0) wake?.();
  };
  return {
    get size() {
      return size;
    },
    get broken() {
      return failure !== undefined;
    },
    join(work) {
      size += 1;
      work.then(leave, (reason: unknown) => {
        failure ??= { reason };
        leave();
      });
    },
    async drained() {
      if (size > 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (failure !== undefined) throw failure.reason;
    },
  };
}
