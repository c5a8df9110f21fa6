import { parentPort, workerData } from "node:worker_threads";
import { monotonicClock } from "../core/clock.ts";
import { BEGUN, IDLE, type PacerMemory, SHORTEST_WAIT_NS, SPIN_NS } from "./pacer-memory.ts";

/**
 * The entry of a pacer's thread: sleeps in the kernel until shortly before each moment of the schedule, and wakes the event
 * loop if it sleeps then.
 */
const { state, asleep, lagNs, beginNs, offsetsNs } = workerData as PacerMemory;

Atomics.wait(state, 0, IDLE);
let beforeNs = Number.NEGATIVE_INFINITY;
for (const offsetNs of offsetsNs) {
  // Nobody sleeps through so short a gap.
  const isShort = offsetNs - beforeNs <= SHORTEST_WAIT_NS;
  beforeNs = offsetNs;
  if (isShort) continue;
  const wakeNs = (beginNs[0] ?? 0) + offsetNs - SPIN_NS - (lagNs[0] ?? 0);
  for (;;) {
    const leftMs = (wakeNs - monotonicClock.nowNs()) / 1e6;
    if (leftMs <= 0 || Atomics.load(state, 0) !== BEGUN) break;
    // The kernel's timer is exact to some 0.05 ms, where timers of the event loop count whole milliseconds.
    Atomics.wait(state, 0, BEGUN, leftMs);
  }
  if (Atomics.load(state, 0) !== BEGUN) break;
  if (Atomics.compareExchange(asleep, 0, 1, 0) === 1) parentPort?.postMessage(0);
}
