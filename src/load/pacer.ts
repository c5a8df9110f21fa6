import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { monotonicClock } from "../core/clock.ts";
import { ARMED, createPacerMemory, ENDED, IDLE } from "./pacer-memory.ts";

/** Waits for moments more exactly than timers do, without spinning for the whole time. One wait at a time. */
export interface Pacer {
  /**
   * Resolves at a moment of the monotonic clock, or early when the signal is aborted. Answers are taken in meanwhile: the
   * event loop turns at least once.
   */
  waitUntil(momentNs: number, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** The last of every wait is spun away: a thread's wake-up takes up to this long. */
const SPIN_NS = 300_000;

/**
 * Starts a pacer. Its thread sleeps in the kernel and wakes the event loop shortly before the moment, so that waiting does
 * not take a core from the server: spinning through every gap at 1,000 requests per second does.
 */
export async function createPacer(): Promise<Pacer> {
  const { nowNs } = monotonicClock;
  const memory = createPacerMemory();
  const { state, moment } = memory;
  const worker = new Worker(new URL("./pacer-worker.js", import.meta.url), { workerData: memory });
  await once(worker, "online");
  let onWake: (() => void) | undefined;
  worker.on("message", () => onWake?.());

  const sleep = (untilNs: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const wake = (): void => {
        onWake = undefined;
        signal.removeEventListener("abort", wake);
        Atomics.compareExchange(state, 0, ARMED, IDLE);
        resolve();
      };
      onWake = wake;
      signal.addEventListener("abort", wake);
      moment[0] = untilNs;
      Atomics.store(state, 0, ARMED);
      Atomics.notify(state, 0);
    });

  const spin = (momentNs: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (signal.aborted || nowNs() >= momentNs) resolve();
        else setImmediate(look);
      };
      setImmediate(look);
    });

  return {
    async waitUntil(momentNs, signal) {
      if (!signal.aborted && momentNs - nowNs() > 2 * SPIN_NS) await sleep(momentNs - SPIN_NS, signal);
      await spin(momentNs, signal);
    },
    async close() {
      Atomics.store(state, 0, ENDED);
      Atomics.notify(state, 0);
      await once(worker, "exit");
    },
  };
}
