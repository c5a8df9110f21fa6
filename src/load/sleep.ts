import type { Clock } from "../core/clock.ts";

/** Node's timers fire up to this much after their time; what is left is spun away. */
const TIMER_SLACK_NS = 1.3e6;

/**
 * Waits for a moment of the clock: sleeps until shortly before it, then lets the event loop turn until it has come, which
 * is late by microseconds where a timer alone is late by a millisecond. Turns the event loop at least once, so that answers
 * are taken in even by a generator that is behind. Ends early when the signal is aborted.
 */
export function sleepUntil(momentNs: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const spin = (): void => {
      if (signal.aborted || clock.nowNs() >= momentNs) resolve();
      else setImmediate(spin);
    };
    const sleepMs = Math.floor((momentNs - clock.nowNs() - TIMER_SLACK_NS) / 1e6);
    if (sleepMs < 1) {
      setImmediate(spin);
      return;
    }
    const wake = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", wake);
      spin();
    };
    const timer = setTimeout(wake, sleepMs);
    signal.addEventListener("abort", wake);
  });
}

const LONGEST_BACKOFF_MS = 100;

/** How long to wait after so many failures in a row before the next request: 1 ms, doubling up to 100 ms. */
export function backoffMs(failuresInRow: number): number {
  return Math.min(LONGEST_BACKOFF_MS, 2 ** Math.min(failuresInRow - 1, 10));
}
