import { expect, test } from "vitest";
import { distributionOf } from "../../../src/recording/distribution.ts";
import { type DurationFigures, durationFigures } from "../../../src/recording/duration-figures.ts";

function figures(count: number, unanswered = 0, medianOnly = false): DurationFigures {
  const values = Float64Array.from({ length: count + unanswered }, (_, index) =>
    index < count ? (index + 1) * 1e6 : Number.POSITIVE_INFINITY,
  );
  return durationFigures(distributionOf(values), { medianOnly });
}

test.each([
  [35, 36, "p90Ms"],
  [71, 72, "p95Ms"],
  [367, 368, "p99Ms"],
  [3687, 3688, "p999Ms"],
] as const)("with %i requests it is too early, with %i there is a %s", (few, enough, name) => {
  expect(figures(few)[name]).toBeUndefined();
  expect(figures(enough)[name]).toBeDefined();
});

test("percentiles are nearest rank within 0.1 %, mean, max and deviation exact", () => {
  const found = figures(400);
  expect(found.p50Ms).toBeCloseTo(200, 0);
  expect(found.p99Ms).toBeGreaterThanOrEqual(396);
  expect(found.p99Ms).toBeLessThanOrEqual(396.4);
  expect(found.meanMs).toBe(200.5);
  expect(found.maxMs).toBe(400);
  expect(found.stddevMs).toBeCloseTo(Math.sqrt((400 * 401) / 12), 9);
});

test("what falls among the unanswered is censored, never a smaller number", () => {
  const found = figures(390, 10);
  expect(found.p95Ms).toBeCloseTo(380, 0);
  expect(found.p99Ms).toBeUndefined();
  expect(found.censored).toEqual(["p95_ub99", "p99", "p99_low", "p99_high", "max"]);
  expect([found.meanMs, found.maxMs, found.stddevMs]).toEqual([undefined, undefined, undefined]);
});

test("the rank just below the unanswered mass is a number", () => {
  expect(figures(396, 4).censored).toEqual(["p99_high", "max"]);
  expect(figures(396, 4).p99Ms).toBeCloseTo(396, 0);
  expect(figures(395, 5).censored).toEqual(["p99", "p99_high", "max"]);
});

test("each percentile has its 95 % interval, and from one over on MLPerf's bound", () => {
  const found = figures(4000);
  // Ranks: 1,938 and 2,063 of 4,000 for the median, 3,946 and 3,974 for p99 (3,960), 3,990 and 4,000 for p99.9.
  expect(found.p50LowMs! / 1938).toBeCloseTo(1, 3);
  expect(found.p50HighMs! / 2063).toBeCloseTo(1, 3);
  expect(found.p99LowMs).toBeGreaterThan(3940);
  expect(found.p99LowMs).toBeLessThan(found.p99Ms!);
  expect(found.p99HighMs).toBeGreaterThan(found.p99Ms!);
  expect(found.p99HighMs).toBeLessThan(3980);
  expect(found.p999HighMs).toBe(4000);
  expect(found.p99Ub99Ms).toBeGreaterThan(found.p99HighMs!);
  expect(found.p999Ub99Ms).toBeUndefined();
  expect(figures(661).p99Ub99Ms).toBeUndefined();
  expect(figures(662).p99Ub99Ms).toBe(662);
  expect(figures(5).p50LowMs).toBeUndefined();
  expect(figures(6).p50LowMs).toBeCloseTo(1, 2);
  expect(figures(6).p50HighMs).toBe(6);
});

test("a smoke run has its median and mean and says nothing about the tail", () => {
  const found = figures(5000, 0, true);
  expect(found.meanMs).toBe(2500.5);
  expect(found.p50Ms).toBeCloseTo(2500, -1);
  expect(Object.entries(found).flatMap(([name, value]) => (value === undefined ? [] : name))).toEqual([
    "count",
    "unanswered",
    "meanMs",
    "p50Ms",
    "censored",
  ]);
});

test("nothing answered", () => {
  const nothing = figures(0);
  expect([nothing.count, nothing.p50Ms, nothing.meanMs, nothing.censored]).toEqual([
    0,
    undefined,
    undefined,
    [],
  ]);
  expect(figures(0, 3).censored).toEqual(["p50", "max"]);
});
