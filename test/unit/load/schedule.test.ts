import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ArrivalsSpec, createSchedule, type ScheduleOptions } from "../../../src/load/schedule.ts";

const constant = (ratePerSec: number): ArrivalsSpec => ({ kind: "constant", ratePerSec });
const offsetsMs = (options: Omit<ScheduleOptions, "seed">): number[] =>
  [...createSchedule({ seed: 1, ...options }).offsetsNs].map((ns) => Math.round(ns / 1e3) / 1e3);

describe("constant", () => {
  test("arrivals stand at equal distances from the start, without drift", () => {
    const { offsetsNs, lengthNs } = createSchedule({ arrivals: constant(3), seed: 1, durationMs: 10_000 });
    expect(offsetsNs).toHaveLength(30);
    expect([...offsetsNs.subarray(0, 4)]).toEqual([0, 333_333_333, 666_666_667, 1_000_000_000]);
    expect(offsetsNs[27]).toBe(9e9);
    expect(lengthNs).toBe(10e9);
  });

  test("a number of requests alone is exact, and the window ends where the next would have been", () => {
    const { offsetsNs, lengthNs } = createSchedule({ arrivals: constant(20), seed: 1, requests: 7 });
    expect(offsetsNs).toHaveLength(7);
    expect(lengthNs).toBe(350e6);
  });

  test("both: until both are met", () => {
    const arrivals = constant(10);
    const byTime = createSchedule({ arrivals, seed: 1, requests: 5, durationMs: 2000 });
    expect([byTime.offsetsNs.length, byTime.lengthNs]).toEqual([20, 2e9]);
    const byCount = createSchedule({ arrivals, seed: 1, requests: 50, durationMs: 2000 });
    expect([byCount.offsetsNs.length, byCount.lengthNs]).toEqual([50, 5e9]);
  });
});

const anyArrivals: fc.Arbitrary<ArrivalsSpec> = fc.oneof(
  fc.record({
    kind: fc.constantFrom("constant", "poisson", "uniform"),
    ratePerSec: fc.integer({ min: 1, max: 2000 }),
  }),
  fc.record({
    kind: fc.constant("burst" as const),
    ratePerSec: fc.integer({ min: 1, max: 2000 }),
    burst: fc.integer({ min: 1, max: 40 }),
  }),
  fc.record({
    kind: fc.constant("steps" as const),
    fromPerSec: fc.integer({ min: 1, max: 500 }),
    toPerSec: fc.integer({ min: 1, max: 500 }),
    steps: fc.integer({ min: 2, max: 9 }),
  }),
  fc.record({
    kind: fc.constant("ramp" as const),
    fromPerSec: fc.integer({ min: 1, max: 500 }),
    toPerSec: fc.integer({ min: 1, max: 500 }),
  }),
  // In steps of 10 ms: times a few nanoseconds apart begin anew millions of times in a window.
  fc
    .array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 50 })
    .map((times) => ({ kind: "times" as const, timesNs: Float64Array.from(times, (at) => at * 1e7).sort() })),
);

describe("every kind of arrivals", () => {
  test("is ascending, within its window, and the same for the same seed", () => {
    fc.assert(
      fc.property(
        anyArrivals,
        fc.nat(),
        fc.integer({ min: 1, max: 3000 }),
        fc.integer({ min: 1, max: 5 }),
        (arrivals, seed, durationMs, vehicles) => {
          const schedule = createSchedule({ arrivals, seed, durationMs, vehicles });
          const { offsetsNs, lengthNs } = schedule;
          expect(createSchedule({ arrivals, seed, durationMs, vehicles })).toEqual(schedule);
          expect(
            offsetsNs.every((offset, at) => offset >= (offsetsNs[at - 1] ?? 0) && offset < lengthNs),
          ).toBe(true);
          if (arrivals.kind !== "times") expect(lengthNs).toBe(durationMs * 1e6);
          expect(schedule.vehicles?.length ?? offsetsNs.length).toBe(offsetsNs.length);
          expect(schedule.vehicles?.every((vehicle) => vehicle < vehicles) ?? true).toBe(true);
        },
      ),
    );
  });

  test("gives exactly the number of requests that was asked for, and a window behind the last", () => {
    fc.assert(
      fc.property(
        anyArrivals,
        fc.nat(),
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 3 }),
        (arrivals, seed, requests, vehicles) => {
          // Times that are all one cannot begin anew.
          if (arrivals.kind === "times" && arrivals.timesNs[0] === arrivals.timesNs.at(-1)) return;
          const { offsetsNs, lengthNs } = createSchedule({ arrivals, seed, requests, vehicles });
          expect(offsetsNs).toHaveLength(requests);
          expect(offsetsNs.every((offset) => offset < lengthNs)).toBe(true);
        },
      ),
    );
  });

  test.each<[string, ArrivalsSpec, number]>([
    ["constant", constant(100), 100],
    ["poisson", { kind: "poisson", ratePerSec: 100 }, 100],
    ["uniform", { kind: "uniform", ratePerSec: 100 }, 100],
    ["burst", { kind: "burst", ratePerSec: 100, burst: 10 }, 100],
    ["steps", { kind: "steps", fromPerSec: 50, toPerSec: 150, steps: 5 }, 100],
    ["ramp", { kind: "ramp", fromPerSec: 10, toPerSec: 190 }, 100],
    ["a ramp down", { kind: "ramp", fromPerSec: 190, toPerSec: 10 }, 100],
  ])("%s has its mean rate, for one vehicle and for three", (_name, arrivals, ratePerSec) => {
    for (const vehicles of [1, 3]) {
      const { offsetsNs } = createSchedule({ arrivals, seed: 5, durationMs: 100_000, vehicles });
      expect(offsetsNs.length / 100 / vehicles / ratePerSec).toBeCloseTo(1, 1);
    }
  });
});

describe("random gaps", () => {
  const gapsOf = (kind: "poisson" | "uniform"): Float64Array => {
    const { offsetsNs } = createSchedule({ arrivals: { kind, ratePerSec: 100 }, seed: 7, requests: 20_000 });
    return offsetsNs.map((offset, index) => offset - (offsetsNs[index - 1] ?? 0));
  };
  const meanOf = (values: Float64Array): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;

  test("Poisson gaps have the rate's mean and an exponential's deviation and tail", () => {
    const gaps = gapsOf("poisson");
    const mean = meanOf(gaps);
    const deviation = Math.sqrt(meanOf(gaps.map((gap) => (gap - mean) ** 2)));
    expect(mean / 1e7).toBeCloseTo(1, 1);
    expect(deviation / mean).toBeCloseTo(1, 1);
    expect(gaps.filter((gap) => gap > 3e7).length / gaps.length).toBeCloseTo(Math.exp(-3), 2);
  });

  test("uniform gaps lie between 0 and twice the mean, as many in each quarter", () => {
    const gaps = gapsOf("uniform");
    expect(Math.max(...gaps)).toBeLessThanOrEqual(2e7);
    for (const quarter of [0, 1, 2, 3]) {
      const share = gaps.filter((gap) => Math.floor(gap / 5e6) === quarter).length / gaps.length;
      expect(share).toBeCloseTo(0.25, 1.5);
    }
  });

  test("the seed matters", () => {
    const arrivals: ArrivalsSpec = { kind: "poisson", ratePerSec: 50 };
    expect(createSchedule({ arrivals, seed: 1, requests: 5 })).not.toEqual(
      createSchedule({ arrivals, seed: 2, requests: 5 }),
    );
  });
});

describe("shapes", () => {
  test("bursts come at once, as far apart as their rate says", () => {
    const arrivals: ArrivalsSpec = { kind: "burst", ratePerSec: 30, burst: 3 };
    expect(offsetsMs({ arrivals, requests: 7 })).toEqual([0, 0, 0, 100, 100, 100, 200]);
    // The limit cuts through a burst: the window goes on to the next one.
    expect(createSchedule({ arrivals, seed: 1, requests: 7 }).lengthNs).toBe(300e6);
  });

  test("steps keep each rate for an equal time, and the last one goes on", () => {
    const arrivals: ArrivalsSpec = { kind: "steps", fromPerSec: 10, toPerSec: 30, steps: 3 };
    const { offsetsNs } = createSchedule({ arrivals, seed: 1, durationMs: 3000 });
    const within = (from: number, to: number): number =>
      offsetsNs.filter((offset) => offset >= from * 1e9 && offset < to * 1e9).length;
    expect([within(0, 1), within(1, 2), within(2, 3)]).toEqual([10, 20, 30]);
    const longer = createSchedule({ arrivals, seed: 1, durationMs: 3000, requests: 90 });
    expect(longer.lengthNs).toBe(4e9);
  });

  test("a ramp's rate changes evenly: a quarter of its arrivals in its first half when it begins at nothing much", () => {
    const arrivals: ArrivalsSpec = { kind: "ramp", fromPerSec: 0.001, toPerSec: 200 };
    const { offsetsNs } = createSchedule({ arrivals, seed: 1, durationMs: 10_000 });
    expect(offsetsNs).toHaveLength(1001);
    expect(offsetsNs.filter((offset) => offset < 5e9).length / 1000).toBeCloseTo(0.25, 2);
    const last = offsetsNs.at(-1)! - offsetsNs.at(-2)!;
    expect(last / 1e6).toBeCloseTo(5, 1);
  });

  test("given times are taken once, or begin anew a mean gap after the last", () => {
    const timesNs = Float64Array.of(5e6, 7e6, 13e6);
    const arrivals: ArrivalsSpec = { kind: "times", timesNs };
    expect(offsetsMs({ arrivals })).toEqual([0, 2, 8]);
    expect(createSchedule({ arrivals, seed: 1 }).lengthNs).toBe(12e6);
    expect(offsetsMs({ arrivals, requests: 7 })).toEqual([0, 2, 8, 12, 14, 20, 24]);
    expect(offsetsMs({ arrivals, durationMs: 13 })).toEqual([0, 2, 8, 12]);
  });

  test("times that are all one are taken once, in a window of a second", () => {
    const arrivals: ArrivalsSpec = { kind: "times", timesNs: Float64Array.of(3, 3) };
    const { offsetsNs, lengthNs } = createSchedule({ arrivals, seed: 1, durationMs: 10, requests: 9 });
    expect([...offsetsNs]).toEqual([0, 0]);
    expect(lengthNs).toBe(10e6);
    expect(createSchedule({ arrivals, seed: 1 }).lengthNs).toBe(1e9);
  });
});

describe("vehicles", () => {
  const options = { arrivals: constant(10), seed: 3, durationMs: 5000, vehicles: 4 };

  test("each has the whole rate, a phase of its own within one gap, and its frames in turn", () => {
    const { offsetsNs, vehicles, frames } = createSchedule(options);
    const phases = new Set<number>();
    const firstFrames = new Set<number>();
    for (const vehicle of [0, 1, 2, 3]) {
      const own = [...offsetsNs.keys()].filter((index) => vehicles![index] === vehicle);
      expect(own.length).toBeGreaterThanOrEqual(49);
      const [first = 0] = own;
      expect(offsetsNs[first]).toBeLessThan(100e6);
      phases.add(offsetsNs[first]!);
      firstFrames.add(frames![first]!);
      for (const [nth, index] of own.entries()) {
        expect(offsetsNs[index]! - offsetsNs[first]!).toBeCloseTo(nth * 100e6, -1);
        expect(frames![index]).toBe(frames![first]! + nth);
      }
    }
    expect(phases.size).toBe(4);
    expect(firstFrames.size).toBe(4);
  });

  test("requests are counted over all of them", () => {
    expect(createSchedule({ ...options, durationMs: undefined, requests: 10 }).offsetsNs).toHaveLength(10);
  });

  test("one alone has the schedule of a run without vehicles", () => {
    const { vehicles, frames } = createSchedule({ ...options, vehicles: 1 });
    expect([vehicles, frames]).toEqual([undefined, undefined]);
  });

  test("in a recording each begins at another frame, and its times with it", () => {
    const timesNs = Float64Array.of(0, 10e6, 30e6, 60e6);
    const { offsetsNs, vehicles, frames } = createSchedule({
      arrivals: { kind: "times", timesNs },
      seed: 2,
      requests: 40,
      vehicles: 2,
    });
    for (const vehicle of [0, 1]) {
      const own = [...offsetsNs.keys()].filter((index) => vehicles![index] === vehicle);
      for (const [nth, index] of own.slice(1).entries()) {
        const from = frames![index]! - 1;
        const gapNs = from % 4 === 3 ? 20e6 : timesNs[(from + 1) % 4]! - timesNs[from % 4]!;
        expect(offsetsNs[index]! - offsetsNs[own[nth]!]!).toBeCloseTo(gapNs, -1);
      }
    }
  });
});

test.each<[Partial<ScheduleOptions>, string]>([
  [{ arrivals: constant(Number.POSITIVE_INFINITY), requests: 1 }, "ratePerSec"],
  [{ arrivals: constant(0), requests: 1 }, "ratePerSec"],
  [{ arrivals: constant(Number.NaN), requests: 1 }, "ratePerSec"],
  [{ arrivals: { kind: "ramp", fromPerSec: 0, toPerSec: 5 }, requests: 1 }, "fromPerSec"],
  [{ arrivals: constant(1) }, "durationMs, requests"],
  [{ arrivals: constant(1), durationMs: -5 }, "durationMs"],
  [{ arrivals: constant(1), requests: 1.5 }, "requests"],
  [{ arrivals: constant(1), requests: 1, vehicles: 0 }, "vehicles"],
  [{ arrivals: constant(1e9), durationMs: 10_000 }, "at most"],
  [{ arrivals: constant(1e6), durationMs: 10_000, vehicles: 5 }, "at most"],
])("%o makes no schedule", (options, message) => {
  expect(() => createSchedule({ arrivals: constant(1), seed: 1, ...options })).toThrow(message);
});
