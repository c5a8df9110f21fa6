import fc from "fast-check";
import { expect, test } from "vitest";
import { createRandom } from "../../../src/core/random.ts";
import { AGE_TICK_NS, ageOf } from "../../../src/recording/age.ts";
import { type Distribution, quantiles } from "../../../src/recording/distribution.ts";
import { type MadeRequest, madeRun, START_NS } from "./made-run.ts";
import { gaussian } from "./made-series.ts";

function ageMs(age: Distribution | undefined, perMille: number): number {
  const found = quantiles(age!)(perMille);
  if (typeof found === "string") throw new Error(found);
  return found.ns / 1e6;
}

test("a sawtooth between 10 and 110 ms holds every age between for equally long", () => {
  const steady = Array.from({ length: 10 }, (_, index) => ({ intendedMs: index * 100, serviceMs: 10 }));
  const age = ageOf(madeRun(steady));
  expect(age?.count).toBe(990e6 / AGE_TICK_NS);
  expect(age?.minNs).toBe(10e6);
  expect(age?.maxNs).toBe(110e6);
  // Nine whole teeth, and the last one up to 100 ms.
  expect(ageMs(age, 500)).toBeCloseTo(10 + 990 * 0.5 * 0.1, 0);
  expect(age!.sumNs / age!.count / 1e6).toBeCloseTo((9 * 100 * 60 + 90 * 55) / 990, 6);
});

test("answers to older frames change nothing, and frames without an answer make it older", () => {
  const overtaken = ageOf(
    madeRun([
      { intendedMs: 0, serviceMs: 500 },
      { intendedMs: 100, serviceMs: 50 },
      { intendedMs: 200, status: "INTERNAL", serviceMs: 1 },
      { intendedMs: 300, dropped: true },
    ]),
  );
  expect(overtaken?.minNs).toBe(50e6);
  expect(overtaken?.maxNs).toBe(900e6);
  expect(ageMs(overtaken, 500)).toBeCloseTo(475, 0);
});

test("without an answer in the window there is no age", () => {
  expect(ageOf(madeRun([{ intendedMs: 0, status: "INTERNAL" }]))).toBeUndefined();
  expect(ageOf(madeRun([{ intendedMs: 0, serviceMs: 2000 }]))).toBeUndefined();
});

test("it is the age that looking every tenth of a millisecond finds", () => {
  const request = fc.record({
    intendedMs: fc.integer({ min: 0, max: 900 }),
    serviceMs: fc.integer({ min: 1, max: 300 }),
  });
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 30 }), (requests) => {
      const ordered = requests.toSorted((a, b) => a.intendedMs - b.intendedMs);
      const age = ageOf(madeRun(ordered));
      const seen: number[] = [];
      for (let atMs = 0.05; atMs < 1000; atMs += 0.1) {
        const newest = Math.max(
          ...ordered.filter((one) => one.intendedMs + one.serviceMs <= atMs).map((one) => one.intendedMs),
        );
        if (Number.isFinite(newest)) seen.push(atMs - newest);
      }
      if (seen.length < 100) return;
      seen.sort((a, b) => a - b);
      for (const perMille of [100, 500, 990]) {
        const looked = seen[Math.ceil((perMille * seen.length) / 1000) - 1]!;
        expect(Math.abs(ageMs(age, perMille) - looked)).toBeLessThan(0.2 + looked / 500);
      }
    }),
    { numRuns: 60 },
  );
});

/** A server with one place that needs 55 ms or so a frame, of a camera with 20 frames a second: 110 % load. */
function overloaded(whenBusy: "queue" | "newest-wins", limit: number): readonly MadeRequest[] {
  const random = createRandom(11);
  const frames = 20 * 120;
  const requests: MadeRequest[] = [];
  let freeMs = 0;
  const ends: number[] = [];
  let waiting: number | undefined;
  const serve = (intendedMs: number, fromMs: number): void => {
    const startMs = Math.max(fromMs, freeMs);
    freeMs = startMs + 55 * Math.max(0.2, 1 + 0.2 * gaussian(random));
    ends.push(freeMs);
    requests.push({ intendedMs, serviceMs: freeMs - intendedMs });
  };
  for (let frame = 0; frame < frames; frame += 1) {
    const intendedMs = frame * 50;
    if (whenBusy === "queue") {
      while (ends.length > 0 && ends[0]! <= intendedMs) ends.shift();
      if (ends.length < limit) serve(intendedMs, intendedMs);
      else requests.push({ intendedMs, dropped: true });
      continue;
    }
    if (waiting !== undefined && freeMs <= intendedMs) {
      serve(waiting, freeMs);
      waiting = undefined;
    }
    if (freeMs <= intendedMs) serve(intendedMs, intendedMs);
    else {
      if (waiting !== undefined) requests.push({ intendedMs: waiting, dropped: true });
      waiting = intendedMs;
    }
  }
  return requests.toSorted((a, b) => a.intendedMs - b.intendedMs);
}

test("at 110 % load a queue of 64 makes answers 3.8 s old, the newest frame winning 0.18 s", () => {
  const window = { windowStartNs: START_NS + 60e9, windowEndNs: START_NS + 120e9 };
  const steady = (requests: readonly MadeRequest[]): Distribution | undefined =>
    ageOf(
      madeRun(
        requests.filter(({ intendedMs }) => intendedMs >= 55_000),
        window,
      ),
    );
  expect(ageMs(steady(overloaded("queue", 64)), 990)).toBeGreaterThan(3500);
  expect(ageMs(steady(overloaded("queue", 64)), 990)).toBeLessThan(4100);
  expect(ageMs(steady(overloaded("newest-wins", 1)), 990)).toBeGreaterThan(150);
  expect(ageMs(steady(overloaded("newest-wins", 1)), 990)).toBeLessThan(200);
});

test("each vehicle has an age of its own", () => {
  const record = madeRun([
    { intendedMs: 0, serviceMs: 10 },
    { intendedMs: 500, serviceMs: 10 },
  ]);
  const vehicle = Float64Array.of(0, 1);
  const age = ageOf({ ...record, columns: { ...record.columns, vehicle } });
  expect(age?.maxNs).toBe(1000e6);
  expect(age?.count).toBe((990e6 + 490e6) / AGE_TICK_NS);
});
