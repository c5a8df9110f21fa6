import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { checkIntervalMs, watchOverdue } from "../../../src/core/overdue-watch.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it("tells once of what has not ended in time, and of nothing else", () => {
  const overdue: string[] = [];
  const watch = watchOverdue<string>(1_000, (item) => overdue.push(item));
  watch.begin("slow");
  watch.begin("quick");
  vi.advanceTimersByTime(600);
  watch.begin("later");
  watch.end("quick");
  vi.advanceTimersByTime(650);
  expect(overdue).toEqual(["slow"]);
  vi.advanceTimersByTime(600);
  expect(overdue).toEqual(["slow", "later"]);
  watch.begin("last");
  watch.stop();
  vi.advanceTimersByTime(10_000);
  expect(overdue).toEqual(["slow", "later"]);
});

it.each([
  [8, 10],
  [1_000, 250],
  [60_000, 5_000],
])("of %i ms looks every %i ms", (timeoutMs, intervalMs) => {
  expect(checkIntervalMs(timeoutMs)).toBe(intervalMs);
});
