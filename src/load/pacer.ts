import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { monotonicClock } from "../core/clock.ts";
import {
  BEGUN,
  createPacerMemory,
  ENDED,
  learnedLagNs,
  MOST_LAG_NS,
  SHORTEST_WAIT_NS,
  SPIN_NS,
} from "./pacer-memory.ts";
import { createSpin } from "./spin.ts";

/** Calls back at the moments of a schedule more exactly than timers do, without spinning for the whole time. */
export interface Pacer {
  /** The schedule begins at this moment of the monotonic clock. Once, before any alarm. */
  begin(beginNs: number): void;
  /**
   * Calls back at one of the schedule's moments, in a turn of the event loop of its own, so that answers are taken in
   * meanwhile. One alarm at a time: a new one replaces the last.
   */
  alarm(momentNs: number, onDue: () => void): void;
  /** Forgets the alarm. */
  cancel(): void;
  /** Time that was spun away so far, without the turns that had work to do, milliseconds. */
  spinMs(): number;
  close(): Promise<void>;
}

/**
 * Starts a pacer. Its thread knows the schedule, sleeps in the kernel and wakes the event loop shortly before the moment, so
 * that waiting does not take a core from the server: spinning through every gap at 1,000 requests per second does. It
 * needs no word from the event loop between two moments.
 *
 * @param offsetsNs - the schedule's moments, nanoseconds from its beginning, ascending. An alarm for another moment comes
 * too late.
 */
export async function createPacer(offsetsNs: Float64Array): Promise<Pacer> {
  const { nowNs } = monotonicClock;
  const memory = createPacerMemory(offsetsNs);
  const { state, asleep, lagNs } = memory;
  const worker = new Worker(new URL("./pacer-worker.js", import.meta.url), { workerData: memory });
  const exited = once(worker, "exit");
  await once(worker, "online");
  const spin = createSpin(monotonicClock);
  let waiting: { readonly momentNs: number; readonly onDue: () => void } | undefined;
  const wake = (): void => {
    // A wake-up may have been on its way when the alarm was replaced: then the spin is longer.
    if (waiting === undefined) return;
    const { momentNs, onDue } = waiting;
    waiting = undefined;
    spin.until(momentNs, onDue);
  };
  worker.on("message", () => {
    if (waiting !== undefined) lagNs[0] = learnedLagNs(lagNs[0] ?? 0, nowNs() - (waiting.momentNs - SPIN_NS));
    wake();
  });

  const cancel = (): void => {
    waiting = undefined;
    spin.cancel();
    Atomics.store(asleep, 0, 0);
  };
  return {
    begin(beginNs) {
      memory.beginNs[0] = beginNs;
      Atomics.store(state, 0, BEGUN);
      Atomics.notify(state, 0);
    },
    alarm(momentNs, onDue) {
      cancel();
      if (momentNs - nowNs() <= SHORTEST_WAIT_NS) {
        spin.until(momentNs, onDue);
        return;
      }
      waiting = { momentNs, onDue };
      Atomics.store(asleep, 0, 1);
      // The thread may have passed by before it could see that: who is early enough afterwards will be woken.
      if (momentNs - nowNs() <= SPIN_NS + MOST_LAG_NS) {
        Atomics.store(asleep, 0, 0);
        wake();
      }
    },
    cancel,
    spinMs: () => spin.spunNs() / 1e6,
    async close() {
      cancel();
      Atomics.store(state, 0, ENDED);
      Atomics.notify(state, 0);
      await exited;
    },
  };
}
