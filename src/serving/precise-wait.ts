import type { Clock } from "../core/clock.ts";

/** Timers that a wait uses, so that tests can drive them. */
export interface WaitTimers {
  setTimeout(callback: () => void, delayMs: number): unknown;
  setImmediate(callback: () => void): unknown;
}

const TIMERS: WaitTimers = { setTimeout, setImmediate };

/** A timer of Node is up to a millisecond early or late; the rest is spent in turns of the event loop. */
const SPIN_NS = 1_500_000;
/** The longest delay that Node's timers take, milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Resolves at a time of the clock, usually within 0.1 ms after it, without blocking the event loop: a timer until shortly
 * before, then a check in every turn.
 *
 * @param untilNs - nanoseconds of `clock`.
 */
export function waitUntil(untilNs: number, clock: Clock, timers: WaitTimers = TIMERS): Promise<void> {
  return new Promise((resolve) => {
    const check = (): void => {
      const leftNs = untilNs - clock.nowNs();
      if (leftNs <= 0) resolve();
      else if (leftNs > SPIN_NS) {
        timers.setTimeout(check, Math.min(MAX_TIMER_MS, Math.max(1, Math.floor((leftNs - SPIN_NS) / 1e6))));
      } else timers.setImmediate(check);
    };
    check();
  });
}
