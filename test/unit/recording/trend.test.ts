import { expect, test, vi } from "vitest";
import { isTrend, trendOf } from "../../../src/recording/trend.ts";
import { autoregressive, inBlocks, queueMD1, type SeriesOptions } from "./made-series.ts";

// Simulations of many runs.
vi.setConfig({ testTimeout: 60_000 });

const ROUNDS = 300;

function alarms(count: number, make: (options: SeriesOptions) => Float64Array): number {
  let found = 0;
  for (let seed = 0; seed < ROUNDS; seed += 1) {
    if (isTrend(trendOf(inBlocks(make({ seed, count }))))) found += 1;
  }
  return found / ROUNDS;
}

test.each([
  [0, 100],
  [0, 1000],
  [0.5, 320],
  [0.9, 100],
  [0.9, 1000],
  [0.98, 1000],
  [0.98, 5000],
  [0.995, 5000],
])(
  "requests that only wander (φ = %d, %i of them) are called a drift in at most 5 %% of runs",
  (phi, count) => {
    expect(alarms(count, (options) => autoregressive(options, phi))).toBeLessThanOrEqual(0.05);
  },
);

test.each([
  [0.5, 1000],
  [0.8, 200],
  [0.8, 1000],
  [0.8, 5000],
  [0.9, 1000],
  [0.95, 5000],
])(
  "a queue at load %d in its steady state (%i requests) is called a drift in at most 5 %% of runs",
  (load, count) => {
    expect(alarms(count, (options) => queueMD1(options, load))).toBeLessThanOrEqual(0.05);
  },
);

test.each([
  [0.2, 1000, 0.95],
  [0.4, 320, 0.9],
  [0.6, 100, 0.8],
])("a median that rises by %d over %i requests is found", (rise, count, power) => {
  const rising = (options: SeriesOptions): Float64Array =>
    autoregressive(options, 0).map((value, row) => (10e6 + (value - 10e6) / 3) * (1 + (rise * row) / count));
  expect(alarms(count, rising)).toBeGreaterThanOrEqual(power);
});

test("the slope is the median one, as a share of the median; a stall does not move it", () => {
  const falling = Float64Array.from({ length: 1000 }, (_, row) => 20e6 - row * 5000 + (row % 10) * 1e5);
  const { change, p } = trendOf(inBlocks(falling));
  expect(change).toBeCloseTo(-5e6 / 18e6, 1);
  expect(p).toBeLessThan(1e-6);
  falling.fill(1400e6, 500, 520);
  expect(trendOf(inBlocks(falling)).change).toBeCloseTo(change, 2);
});

test("what never changes has no trend", () => {
  expect(trendOf(inBlocks(new Float64Array(400).fill(7e6)))).toEqual({ change: 0, p: 1 });
});

test("a small or an uncertain change is none, and more looks need more evidence", () => {
  expect(isTrend({ change: 0.09, p: 1e-9 })).toBe(false);
  expect(isTrend({ change: 0.5, p: 0.02 })).toBe(false);
  expect(isTrend({ change: -0.5, p: 0.004 })).toBe(true);
  expect(isTrend({ change: -0.5, p: 0.004 }, 4)).toBe(false);
});
