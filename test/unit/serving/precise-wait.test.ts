import { expect, it } from "vitest";
import { type WaitTimers, waitUntil } from "../../../src/serving/precise-wait.ts";

/** A clock that its own timers move: a timer is late by `lateMs`, a turn of the event loop takes 10 µs. */
function drivenTime(lateMs: number) {
  let nowNs = 0;
  const calls = { timeouts: [] as number[], turns: 0 };
  const timers: WaitTimers = {
    setTimeout(callback, delayMs) {
      calls.timeouts.push(delayMs);
      nowNs += (delayMs + lateMs) * 1e6;
      queueMicrotask(callback);
    },
    setImmediate(callback) {
      calls.turns += 1;
      nowNs += 10_000;
      queueMicrotask(callback);
    },
  };
  return { clock: { nowNs: () => nowNs }, timers, calls };
}

it("sleeps until shortly before and checks every turn for the rest", async () => {
  const { clock, timers, calls } = drivenTime(1);
  await waitUntil(20_000_000, clock, timers);
  expect(calls.timeouts).toEqual([18]);
  expect(calls.turns).toBe(100);
  expect(clock.nowNs()).toBeGreaterThanOrEqual(20_000_000);
  expect(clock.nowNs()).toBeLessThanOrEqual(20_010_000);
});

it("uses no timer for short waits and returns at once for past times", async () => {
  const { clock, timers, calls } = drivenTime(1);
  await waitUntil(500_000, clock, timers);
  expect(calls).toEqual({ timeouts: [], turns: 50 });
  await waitUntil(0, clock, timers);
  expect(calls.turns).toBe(50);
});

it("goes on when a timer fires early", async () => {
  const { clock, timers, calls } = drivenTime(-0.5);
  await waitUntil(20_000_000, clock, timers);
  expect(calls.timeouts[0]).toBe(18);
  expect(clock.nowNs()).toBeGreaterThanOrEqual(20_000_000);
  expect(clock.nowNs()).toBeLessThanOrEqual(20_010_000);
});
