import fc from "fast-check";
import { expect, test } from "vitest";
import { constantSchedule, createSchedule, poissonSchedule } from "../../../src/load/schedule.ts";

test("constant arrivals stand at equal distances from the start, without drift", () => {
  const { offsetsNs, lengthNs } = constantSchedule({ ratePerSec: 3, durationMs: 10_000 });
  expect(offsetsNs).toHaveLength(30);
  expect([...offsetsNs.subarray(0, 4)]).toEqual([0, 333_333_333, 666_666_667, 1_000_000_000]);
  expect(offsetsNs[27]).toBe(9e9);
  expect(lengthNs).toBe(10e9);
});

test("a number of requests alone is exact, and the window ends where the next would have been", () => {
  const { offsetsNs, lengthNs } = constantSchedule({ ratePerSec: 20, requests: 7 });
  expect(offsetsNs).toHaveLength(7);
  expect(lengthNs).toBe(350e6);
});

test("both: until both are met", () => {
  const byTime = constantSchedule({ ratePerSec: 10, requests: 5, durationMs: 2000 });
  expect([byTime.offsetsNs.length, byTime.lengthNs]).toEqual([20, 2e9]);
  const byCount = constantSchedule({ ratePerSec: 10, requests: 50, durationMs: 2000 });
  expect([byCount.offsetsNs.length, byCount.lengthNs]).toEqual([50, 5e9]);
});

test("Poisson arrivals are the same for the same seed, ascending, within the window", () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.integer({ min: 1, max: 2000 }),
      fc.integer({ min: 1, max: 3000 }),
      (seed, rate, ms) => {
        const options = { seed, ratePerSec: rate, durationMs: ms };
        const { offsetsNs, lengthNs } = poissonSchedule(options);
        expect(lengthNs).toBe(ms * 1e6);
        expect(poissonSchedule(options).offsetsNs).toEqual(offsetsNs);
        expect(
          offsetsNs.every((offset, index) => offset >= (offsetsNs[index - 1] ?? 0) && offset < lengthNs),
        ).toBe(true);
      },
    ),
  );
});

test("Poisson gaps have the rate's mean and an exponential's deviation", () => {
  const { offsetsNs } = poissonSchedule({ seed: 7, ratePerSec: 100, requests: 20_000 });
  const gaps = offsetsNs.map((offset, index) => offset - (offsetsNs[index - 1] ?? 0));
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
  expect(mean / 1e7).toBeCloseTo(1, 1);
  expect(deviation / mean).toBeCloseTo(1, 1);
  expect(gaps.filter((gap) => gap > 3e7).length / gaps.length).toBeCloseTo(Math.exp(-3), 2);
});

test("the seed matters, the kind is by name", () => {
  const options = { ratePerSec: 50, requests: 5 };
  expect(createSchedule("poisson", { ...options, seed: 1 })).not.toEqual(
    createSchedule("poisson", { ...options, seed: 2 }),
  );
  expect(createSchedule("constant", { ...options, seed: 1 })).toEqual(constantSchedule(options));
});

test.each([
  [{ ratePerSec: Number.POSITIVE_INFINITY, requests: 1 }, "ratePerSec"],
  [{ ratePerSec: 0, requests: 1 }, "ratePerSec"],
  [{ ratePerSec: Number.NaN, requests: 1 }, "ratePerSec"],
  [{ ratePerSec: 1 }, "durationMs, requests"],
  [{ ratePerSec: 1, durationMs: -5 }, "durationMs"],
  [{ ratePerSec: 1, requests: 1.5 }, "requests"],
  [{ ratePerSec: 1e9, durationMs: 10_000 }, "at most"],
])("%o makes no schedule", (options, message) => {
  expect(() => constantSchedule(options)).toThrow(message);
});
