import { expect, test } from "vitest";
import { createRandom } from "../../../src/core/random.ts";
import { inFlightTally, littlesLaw } from "../../../src/recording/little.ts";
import { type MadeRequest, madeRun, START_NS } from "./made-run.ts";

/** Times of a Poisson process over the window of one second. */
function poissonTimes(seed: number, perSec: number): Float64Array {
  const random = createRandom(seed);
  const times: number[] = [];
  for (let atNs = START_NS; ; ) {
    atNs += (-Math.log(1 - random.fraction()) * 1e9) / perSec;
    if (atNs >= START_NS + 1e9) return Float64Array.from(times);
    times.push(atNs);
  }
}

/** Counts how many of the requests are out at each time, as a generator would, and `more` that do not exist. */
function sampled(requests: readonly MadeRequest[], seed: number, more = 0) {
  const record = madeRun(requests);
  const { startNs, doneNs } = record.columns;
  const atNs = poissonTimes(seed, 1000);
  const counts = atNs.map((time) => {
    let out = more;
    for (let row = 0; row < record.rows; row += 1) if (startNs[row]! <= time && doneNs[row]! > time) out += 1;
    return out;
  });
  return { ...record, inFlight: { atNs, requests: counts } };
}

const REQUESTS: readonly MadeRequest[] = Array.from({ length: 400 }, (_, index) => ({
  intendedMs: index * 2.5,
  serviceMs: 3 + (index % 5) * 4,
}));

test("counted at random times and rate × residence agree within the interval, nearly always", () => {
  let outside = 0;
  for (let seed = 0; seed < 60; seed += 1) {
    const { counted, countedHalfWidth, predicted } = littlesLaw([inFlightTally(sampled(REQUESTS, seed))!])!;
    expect(predicted).toBeCloseTo((400 * 11) / 1000, 1);
    if (Math.abs(counted - predicted) > countedHalfWidth) outside += 1;
  }
  expect(outside).toBeLessThanOrEqual(8);
});

test("residence begins with the start, counts failed requests, and is clipped to the window", () => {
  const record = sampled(
    [
      { intendedMs: 0, lateMs: 100, serviceMs: 50 },
      { intendedMs: 300, serviceMs: 20, status: "INTERNAL" },
      { intendedMs: 990, serviceMs: 30 },
      { intendedMs: 500, dropped: true },
    ],
    1,
  );
  expect(inFlightTally(record)?.residenceNs).toBe(80e6);
});

test("requests that no one counted are found", () => {
  const law = littlesLaw([inFlightTally(sampled(REQUESTS, 3, 1))!])!;
  expect(law.counted - law.predicted).toBeGreaterThan(0.8);
  expect(law.counted - law.predicted).toBeGreaterThan(law.countedHalfWidth);
});

test("runs are weighted by their windows; nothing counted gives no law", () => {
  const run = { samples: 100, sum: 100, squares: 100, residenceNs: 1e9, windowNs: 1e9 };
  const longer = { samples: 100, sum: 300, squares: 900, residenceNs: 9e9, windowNs: 3e9 };
  expect(littlesLaw([run, longer])).toEqual({
    samples: 200,
    counted: 2.5,
    countedHalfWidth: 0,
    predicted: 2.5,
  });
  expect(inFlightTally(madeRun(REQUESTS))).toBeUndefined();
  expect(littlesLaw([])).toBeUndefined();
});
