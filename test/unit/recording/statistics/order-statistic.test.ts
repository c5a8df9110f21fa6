import { expect, test } from "vitest";
import { createRandom } from "../../../../src/core/random.ts";
import { percentileRanks } from "../../../../src/recording/statistics/order-statistic.ts";

test.each([
  [500, 6],
  [900, 36],
  [950, 72],
  [990, 368],
  [999, 3688],
])("the interval of the %i-per-mille point has both ends from %i requests on", (perMille, fewest) => {
  const early = percentileRanks(fewest - 1, perMille);
  expect(early.low === undefined || early.high === undefined).toBe(true);
  expect(percentileRanks(fewest, perMille)).toMatchObject({
    low: expect.any(Number),
    high: fewest,
  });
});

// Tables of the sign test's confidence limits for a median (e.g. Conover, Practical Nonparametric Statistics, table A3).
test.each([
  [6, 1, 6],
  [10, 2, 9],
  [20, 6, 15],
  [25, 8, 18],
  [50, 18, 33],
  [100, 40, 61],
])("the median of %i values lies between the %i-th and the %i-th", (size, low, high) => {
  expect(percentileRanks(size, 500)).toEqual({ low, high });
});

test.each([500, 900, 990])(
  "at least 95 %% of samples have the true %i-per-mille point inside",
  (perMille) => {
    const random = createRandom(perMille);
    const size = 800;
    const { low = 0, high = 0 } = percentileRanks(size, perMille);
    const rounds = 2000;
    let inside = 0;
    for (let round = 0; round < rounds; round += 1) {
      const sorted = Float64Array.from({ length: size }, () => random.fraction()).sort();
      if (sorted[low - 1]! <= perMille / 1000 && sorted[high - 1]! >= perMille / 1000) inside += 1;
    }
    expect(inside / rounds).toBeGreaterThan(0.94);
    expect(inside / rounds).toBeLessThan(0.985);
  },
);

test("of nothing there is none", () => {
  expect(percentileRanks(0, 500)).toEqual({});
});
