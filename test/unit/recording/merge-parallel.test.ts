import fc from "fast-check";
import { expect, test } from "vitest";
import { createRandom } from "../../../src/core/random.ts";
import { figuresOf } from "../../../src/recording/figures.ts";
import { mergeParallel } from "../../../src/recording/merge-parallel.ts";
import type { RunTally } from "../../../src/recording/run-tally.ts";
import { tallyRun } from "../../../src/recording/tally.ts";
import type { LinkBytes } from "../../../src/recording/wire-bytes.ts";
import { type MadeRequest, madeRun, steadyRun } from "./made-run.ts";

const FULL = { quick: false };

function requests(seed: number, count: number): MadeRequest[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, index) => ({
    intendedMs: (index * 990) / count,
    serviceMs: 8 + Math.round(random.fraction() * 5_000) / 1e3,
    ...(random.fraction() < 0.02 ? { status: "UNAVAILABLE" as const } : {}),
    ...(random.fraction() < 0.02 ? { dropped: true } : {}),
  })).map(
    (request) => (request.dropped === true ? { ...request, status: undefined } : request) as MadeRequest,
  );
}

const tally = (made: readonly MadeRequest[]): RunTally => tallyRun(madeRun(made), { deadlineMs: 11 });

test("what two saw at the same time is what one would have seen of both", () => {
  fc.assert(
    fc.property(fc.nat(1e6), fc.integer({ min: 20, max: 200 }), (seed, count) => {
      const [a, b] = [requests(seed, count), requests(seed + 1, count + 13)];
      const both = [...a, ...b].toSorted((x, y) => x.intendedMs - y.intendedMs);
      const merged = figuresOf([mergeParallel([tally(a), tally(b)])], FULL);
      const whole = figuresOf([tally(both)], FULL);
      for (const name of ["requests", "ok", "failed", "dropped", "timedOut", "completed"] as const) {
        expect(merged[name], name).toBe(whole[name]);
      }
      expect(merged.throughputPerSec).toBeCloseTo(whole.throughputPerSec ?? Number.NaN, 9);
      expect(merged.goodputPerSec).toBeCloseTo(whole.goodputPerSec ?? Number.NaN, 9);
      for (const name of ["response", "okResponse", "service", "sendLateness"] as const) {
        for (const figure of ["p50Ms", "p90Ms", "p95Ms", "p99Ms", "maxMs"] as const) {
          expect(merged[name][figure], `${name} ${figure}`).toBe(whole[name][figure]);
        }
      }
      expect(merged.stageServiceMeanMs).toBeCloseTo(whole.stageServiceMeanMs ?? 0, 9);
      expect(merged.stages.infer?.meanMs).toBeCloseTo(whole.stages.infer?.meanMs ?? 0, 9);
      expect(merged.unaccountedMeanMs).toBeCloseTo(whole.unaccountedMeanMs ?? 0, 9);
    }),
    { numRuns: 6 },
  );
});

test("throughputs add, even of windows that are not equally long", () => {
  const short = tally(requests(1, 100));
  const long = { ...tally(requests(2, 300)), windowNs: 2e9 };
  const perSec = (one: RunTally): number => figuresOf([one], FULL).throughputPerSec ?? Number.NaN;
  expect(perSec(mergeParallel([short, long]))).toBeCloseTo(perSec(short) + perSec(long), 9);
});

test("requests in flight add up, with the error of the sum", () => {
  const inFlight = (mean: number, samples: number) => ({
    samples,
    sum: mean * samples,
    squares: samples * (mean ** 2 + 4),
    residenceNs: mean * 1e9,
    windowNs: 1e9,
  });
  const base = tally(requests(3, 50));
  const law = (one: RunTally) => figuresOf([one], FULL).littlesLaw;
  const merged = law(
    mergeParallel([
      { ...base, inFlight: inFlight(3, 401) },
      { ...base, inFlight: inFlight(5, 101) },
    ]),
  );
  expect(merged?.counted).toBeCloseTo(8, 9);
  expect(merged?.predicted).toBeCloseTo(8, 9);
  expect(merged?.countedHalfWidth).toBeCloseTo(1.96 * Math.sqrt(4 / 400 + 4 / 100), 2);
});

test("client costs add, a stall that both saw is one, outstanding requests add", () => {
  const base = tally(requests(4, 50));
  const part = (value: number): RunTally => ({
    ...base,
    concurrency: value,
    costs: { client: { cpuMs: value, peakRssMb: value }, server: { cpuMs: 9, peakRssMb: 9 } },
    stalls: { count: value, longestNs: value * 1e9, longestAtNs: 5 },
  });
  expect(mergeParallel([part(1), part(2)])).toMatchObject({
    concurrency: 3,
    costs: { client: { cpuMs: 3, peakRssMb: 3 }, server: { cpuMs: 9 } },
    stalls: { count: 2, longestNs: 2e9 },
    jitter: undefined,
  });
});

test("blocks of the same part of the window are put together", () => {
  const base = tally(requests(5, 50));
  const blocks = (value: number) => ({
    counts: [2, 2],
    sumsNs: [2 * value, 4 * value],
    mediansNs: [value, 2 * value],
    timesNs: [10, 20],
    squaresNs2: 2 * 2 * 0 + 4 * (value / 2) ** 2,
  });
  const merged = mergeParallel([
    { ...base, blocks: blocks(10) },
    { ...base, blocks: blocks(30) },
  ]).blocks;
  expect(merged).toMatchObject({ counts: [4, 4], sumsNs: [80, 160], mediansNs: [20, 40], timesNs: [10, 20] });
  const values = [10, 10, 20, 20, 30, 30, 60, 60];
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(merged?.squaresNs2).toBeCloseTo(
    values.reduce((sum, value) => sum + (value - mean) ** 2, 0),
    9,
  );
  expect(
    mergeParallel([
      { ...base, blocks: blocks(1) },
      { ...base, blocks: undefined },
    ]).blocks,
  ).toBeUndefined();
});

test("queries merge, and vehicles follow those of the generators before", () => {
  const burst = (offset: number, serviceMs: number): MadeRequest[] =>
    [0, 0, 100, 100].map((intendedMs) => ({ intendedMs: intendedMs + offset, serviceMs }));
  const streams = [burst(0, 10), burst(50, 20)].map((made) => tallyRun(madeRun(made), { queries: true }));
  const whole = tallyRun(madeRun([...burst(0, 10), ...burst(200, 20)]), { queries: true });
  expect(figuresOf([mergeParallel(streams)], FULL).query).toEqual(figuresOf([whole], FULL).query);

  const [slow, fast] = [steadyRun(400, 20), steadyRun(400, 10)].map((made) => tally(made));
  const fleet = (part: RunTally): RunTally => ({
    ...part,
    vehicles: [{ response: part.response, completed: part.completed }],
  });
  const merged = figuresOf([mergeParallel([fleet(slow!), fleet(fast!)])], FULL).fleet;
  expect(merged?.vehicles.map(({ requests }) => requests)).toEqual([400, 400]);
  const [p99 = 0, itsP99 = 0] = merged?.vehicles.map(({ responseP99Ms }) => responseP99Ms) ?? [];
  expect(p99 / itsP99).toBeCloseTo(2, 1);
  expect(merged?.jainIndex).toBeGreaterThan(0.99);
});

test("bytes behind a broker add up where every generator knows them", () => {
  const base = tally(requests(8, 30));
  const wire = (behindBroker?: LinkBytes): RunTally => ({
    ...base,
    wire: {
      counted: "frames",
      requests: 30,
      requestBytes: 60,
      responseBytes: 30,
      ...(behindBroker && { behindBroker }),
    },
  });
  const behind = { requestBytes: 5, responseBytes: 3 };
  expect(mergeParallel([wire(behind), wire(behind)]).wire).toEqual({
    counted: "frames",
    requests: 60,
    requestBytes: 120,
    responseBytes: 60,
    behindBroker: { requestBytes: 10, responseBytes: 6 },
  });
  expect(mergeParallel([wire(behind), wire()]).wire).not.toHaveProperty("behindBroker");
});

test("one tally stays as it is, and what was merged is plain data", () => {
  const one = tally(requests(6, 30));
  expect(mergeParallel([one])).toBe(one);
  const merged = mergeParallel([one, tally(requests(7, 30))]);
  expect(figuresOf([JSON.parse(JSON.stringify(merged))], FULL)).toEqual(figuresOf([merged], FULL));
});
