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
  expect(found.censored).toEqual(["p99", "max"]);
  expect([found.meanMs, found.maxMs, found.stddevMs]).toEqual([undefined, undefined, undefined]);
});

test("the rank just below the unanswered mass is a number", () => {
  expect(figures(396, 4).censored).toEqual(["max"]);
  expect(figures(395, 5).censored).toEqual(["p99", "max"]);
});

test("a smoke run has its median and mean and says nothing about the tail", () => {
  expect(figures(5000, 0, true)).toMatchObject({
    meanMs: 2500.5,
    p90Ms: undefined,
    p99Ms: undefined,
    maxMs: undefined,
  });
  expect(figures(5000, 0, true).p50Ms).toBeCloseTo(2500, -1);
});

test("nothing answered", () => {
  expect(figures(0)).toMatchObject({ count: 0, p50Ms: undefined, meanMs: undefined, censored: [] });
  expect(figures(0, 3).censored).toEqual(["p50", "max"]);
});
