import { expect, test, vi } from "vitest";
import { effectiveNumber } from "../../../src/recording/effective-number.ts";
import { autoregressive, inBlocks, queueMD1, type SeriesOptions } from "./made-series.ts";

// Simulations of many runs.
vi.setConfig({ testTimeout: 60_000 });

/** The middle of the estimates of many runs, and the share whose interval of the mean has the true mean in it. */
function over(
  runs: number,
  count: number,
  meanMs: number,
  make: (options: SeriesOptions) => Float64Array,
): { readonly median: number; readonly covered: number } {
  const found = Array.from(
    { length: runs },
    (_, seed) => effectiveNumber([inBlocks(make({ seed, count }))])!,
  );
  const sorted = found.map(({ requests }) => requests).toSorted((a, b) => a - b);
  const covered = found.filter(
    ({ meanNs, meanHalfWidthNs }) => Math.abs(meanNs - meanMs * 1e6) <= meanHalfWidthNs,
  );
  return { median: sorted[runs >> 1]!, covered: covered.length / runs };
}

test("independent requests are worth themselves", () => {
  const { median, covered } = over(300, 2000, 10, (options) => autoregressive(options, 0));
  expect(median).toBeGreaterThan(1700);
  expect(median).toBeLessThanOrEqual(2000);
  expect(covered).toBeGreaterThan(0.92);
});

test.each([0.5, 0.9, 0.97])("requests alike by %d are worth (1 − φ) / (1 + φ) of themselves", (phi) => {
  const count = 20_000;
  const truth = (count * (1 - phi)) / (1 + phi);
  const { median, covered } = over(150, count, 10, (options) => autoregressive(options, phi));
  expect(median / truth).toBeGreaterThan(0.8);
  expect(median / truth).toBeLessThan(1.3);
  expect(covered).toBeGreaterThan(0.9);
});

test("20,000 requests of a queue at load 0.8 are worth about 507 for their mean", () => {
  // Mean wait of M/D/1: load / (2 (1 − load)) service times.
  const { median, covered } = over(100, 20_000, 1 + 0.8 / 0.4, (options) => queueMD1(options, 0.8));
  expect(median).toBeGreaterThan(400);
  expect(median).toBeLessThan(650);
  expect(covered).toBeGreaterThan(0.88);
});

test("several runs add up, each against its own mean", () => {
  const fast = inBlocks(autoregressive({ seed: 1, count: 5000 }, 0));
  const slow = inBlocks(autoregressive({ seed: 2, count: 5000 }, 0).map((value) => value + 50e6));
  const both = effectiveNumber([fast, slow])!;
  expect(both.requests).toBeGreaterThan(6500);
  expect(both.meanNs).toBeCloseTo(35e6, -6);
});

test("a run that drifts is worth little, one that never changes all of itself, none nothing", () => {
  const drift = autoregressive({ seed: 3, count: 5000 }, 0).map((value, row) => value + row * 4000);
  expect(effectiveNumber([inBlocks(drift)])!.requests).toBeLessThan(100);
  expect(effectiveNumber([inBlocks(new Float64Array(500).fill(3e6))])).toEqual({
    requests: 500,
    meanNs: 3e6,
    meanHalfWidthNs: 0,
  });
  expect(effectiveNumber([])).toBeUndefined();
});
