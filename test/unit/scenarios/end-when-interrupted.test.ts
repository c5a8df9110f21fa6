import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { endWhenInterrupted } from "../../../src/scenarios/end-when-interrupted.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("processes that start are ended at once, whatever they are asked", () => {
  const end = vi.fn(async () => {});
  const controller = new AbortController();
  endWhenInterrupted({ end }, controller.signal);
  vi.advanceTimersByTime(60_000);
  expect(end).not.toHaveBeenCalled();
  controller.abort();
  vi.advanceTimersByTime(1);
  expect(end).toHaveBeenCalledOnce();
});

test("processes that have measured get the time to hand it over, and no more", () => {
  const end = vi.fn(async () => {});
  const controller = new AbortController();
  endWhenInterrupted({ end }, controller.signal).measuring();
  controller.abort();
  vi.advanceTimersByTime(20_000);
  expect(end).not.toHaveBeenCalled();
  vi.advanceTimersByTime(20_000);
  expect(end).toHaveBeenCalledOnce();
});

test("what is over is not ended again", () => {
  const end = vi.fn(async () => {});
  const controller = new AbortController();
  const interruption = endWhenInterrupted({ end }, controller.signal);
  interruption.measuring();
  controller.abort();
  interruption.off();
  vi.advanceTimersByTime(60_000);
  expect(end).not.toHaveBeenCalled();
});
