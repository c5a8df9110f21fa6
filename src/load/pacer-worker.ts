import { parentPort, workerData } from "node:worker_threads";
import { monotonicClock } from "../core/clock.ts";
import { ARMED, ENDED, IDLE, type PacerMemory } from "./pacer-memory.ts";

/** The entry of a pacer's thread: sleeps until the moment it is given, then wakes the generator's event loop. */
const { state, moment } = workerData as PacerMemory;

while (Atomics.load(state, 0) !== ENDED) {
  Atomics.wait(state, 0, IDLE);
  while (Atomics.load(state, 0) === ARMED) {
    const leftMs = ((moment[0] ?? 0) - monotonicClock.nowNs()) / 1e6;
    if (leftMs <= 0) {
      if (Atomics.compareExchange(state, 0, ARMED, IDLE) === ARMED) parentPort?.postMessage(0);
      break;
    }
    // The kernel's timer is exact to some 0.05 ms, where timers of the event loop count whole milliseconds.
    Atomics.wait(state, 0, ARMED, leftMs);
  }
}
