import { expect, test } from "vitest";
import { figuresOf, summarise } from "../../../src/recording/figures.ts";
import { tallyRun } from "../../../src/recording/tally.ts";
import { madeRun, START_NS, steadyRun } from "./made-run.ts";

const FULL = { quick: false };

test("every scheduled request is in the response times: failed, timed out and dropped ones above all", () => {
  const figures = summarise(
    [
      madeRun([
        ...steadyRun(395),
        { intendedMs: 1, status: "INTERNAL", serviceMs: 0.1 },
        { intendedMs: 2, status: "DEADLINE_EXCEEDED" },
        ...Array.from({ length: 3 }, () => ({ intendedMs: 3, dropped: true })),
      ]),
    ],
    FULL,
  );
  expect(figures).toMatchObject({ requests: 400, ok: 395, failed: 1, timedOut: 1, dropped: 3 });
  expect(figures.response).toMatchObject({ count: 395, unanswered: 5 });
  expect([figures.response.p99Ms, figures.response.meanMs, figures.response.meanLowMs]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(figures.response.p95Ms).toBeCloseTo(10, 1);
  expect(figures.okResponse).toMatchObject({ count: 395, unanswered: 0, meanMs: 10 });
  expect(figures.service).toMatchObject({ count: 395, unanswered: 2 });
  expect(figures.sendLateness.count).toBe(397);
  expect(figures.censored).toEqual([
    "response_p99>10000",
    "response_p99_high>10000",
    "response_max>10000",
    "service_p99_high>10000",
    "service_max>10000",
  ]);
});

test("response time starts at the intended time, service time at the start", () => {
  const figures = summarise([madeRun([{ intendedMs: 0, lateMs: 1400, serviceMs: 10 }])], FULL);
  expect(figures.response.maxMs).toBe(1410);
  expect(figures.service.maxMs).toBe(10);
  expect(figures.sendLateness.maxMs).toBe(1400);
  expect(figures.lateStarts).toBe(1);
});

test("throughput counts good answers within the window, goodput those within the deadline", () => {
  const run = madeRun([...steadyRun(100), { intendedMs: 995 }, { intendedMs: 10, serviceMs: 60 }]);
  expect(summarise([run], FULL)).toMatchObject({
    throughputPerSec: 101,
    goodputPerSec: undefined,
    requests: 102,
  });
  expect(summarise([run], { ...FULL, deadlineMs: 50 }).goodputPerSec).toBe(100);
});

test("repetitions are pooled by their requests, not by their percentiles", () => {
  const calm = tallyRun(madeRun(steadyRun(1000, 10)));
  const stalled = tallyRun(madeRun(steadyRun(1000, 40)));
  const pooled = figuresOf([calm, calm, calm, stalled], FULL);
  expect(pooled.requests).toBe(4000);
  expect(pooled.throughputPerSec).toBeCloseTo((3 * 990 + 960 + 4) / 4, -1);
  expect(pooled.service.p50Ms).toBeCloseTo(10, 1);
  expect(pooled.service.p99Ms).toBeCloseTo(40, 1);
  expect(pooled.service.meanMs).toBe(17.5);
});

test("jitter follows RFC 3550 in intended order", () => {
  const figures = summarise(
    [madeRun([10, 26, 10, 10].map((serviceMs, index) => ({ intendedMs: index, serviceMs })))],
    FULL,
  );
  expect(figures.jitterMeanAbsDiffMs).toBeCloseTo(32 / 3, 9);
  const first = 16 / 16;
  const second = first + (16 - first) / 16;
  const third = second + (0 - second) / 16;
  expect(figures.jitterRfc3550Ms).toBeCloseTo((first + second + third) / 3, 9);
});

test("a closed loop above one outstanding has no jitter", () => {
  expect(summarise([madeRun(steadyRun(10), { concurrency: 1 })], FULL).jitterMeanAbsDiffMs).toBe(0);
  expect(summarise([madeRun(steadyRun(10), { concurrency: 2 })], FULL).jitterMeanAbsDiffMs).toBeUndefined();
});

test("requests that a broken-off run cancelled are not counted", () => {
  const requests = [...steadyRun(5), { intendedMs: 990, status: "CANCELLED" as const }];
  expect(summarise([madeRun(requests, { aborted: true })], FULL)).toMatchObject({
    requests: 5,
    failed: 0,
    failures: [],
  });
  expect(summarise([madeRun(requests)], FULL)).toMatchObject({ requests: 6, failed: 1 });
});

test("costs are per request that was sent, peaks the largest of the repetitions", () => {
  const tally = (cpuMs: number, peakRssMb: number): ReturnType<typeof tallyRun> =>
    tallyRun(madeRun([...steadyRun(10), { intendedMs: 5, dropped: true }]), {
      costs: { client: { cpuMs, peakRssMb, eventLoopDelayP99Ms: peakRssMb / 100 } },
    });
  expect(figuresOf([tally(10, 200), tally(30, 100)], FULL).costs).toEqual({
    client: { cpuMsPerRequest: 2, peakRssMb: 200, eventLoopDelayP99Ms: 2 },
  });
});

test("what was given up while it waited for its turn was not sent", () => {
  const givenUp = { intendedMs: 5, status: "DEADLINE_EXCEEDED", unstarted: true } as const;
  const tally = tallyRun(madeRun([...steadyRun(10), ...Array.from({ length: 90 }, () => givenUp)]), {
    costs: { client: { cpuMs: 20, peakRssMb: 1 } },
  });
  expect(figuresOf([tally], FULL)).toMatchObject({
    requests: 100,
    timedOut: 90,
    costs: { client: { cpuMsPerRequest: 2 } },
  });
});

test("the headline's mean has an interval, and the percentiles that rest on few independent requests are named", () => {
  const closed = summarise([madeRun(steadyRun(1000), { concurrency: 1 })], FULL);
  expect(closed).toMatchObject({ effectiveRequests: 1000, weakPercentiles: [] });
  expect([closed.service.meanLowMs, closed.service.meanHighMs]).toEqual([10, 10]);
  expect(closed.response.meanLowMs).toBeUndefined();
  // Every hundred requests another time: as good as ten.
  const waves = steadyRun(1000).map((request, index) => ({
    ...request,
    serviceMs: 10 + (((index / 100) | 0) % 3),
  }));
  const open = summarise([madeRun(waves)], FULL);
  expect(open.effectiveRequests).toBeLessThan(72);
  expect(open.weakPercentiles).toContain("p99");
  expect(open.response.meanHighMs! - open.response.meanLowMs!).toBeGreaterThan(0.3);
  expect(open.service.meanLowMs).toBeUndefined();
  expect(summarise([madeRun(steadyRun(99))], FULL).effectiveRequests).toBeUndefined();
});

test("age, Little's law and lateness are of open loops, and a quick run has none of them", () => {
  const record = madeRun(steadyRun(400));
  const inFlight = { atNs: Float64Array.of(START_NS + 5e6, START_NS + 6e6), requests: Float64Array.of(4, 4) };
  const open = summarise([{ ...record, inFlight }], FULL);
  expect(open.ageP50Ms).toBeCloseTo(10 + 1.25, 1);
  expect(open.littlesLaw).toMatchObject({ samples: 2, counted: 4 });
  expect(open.littlesLaw?.predicted).toBeCloseTo(4, 1);
  const quick = summarise([{ ...record, inFlight }], { quick: true });
  expect([quick.ageP50Ms, quick.littlesLaw, quick.trend]).toEqual([undefined, undefined, undefined]);
  expect(summarise([madeRun(steadyRun(400), { concurrency: 1 })], FULL).ageP50Ms).toBeUndefined();
});

test("figures and tallies survive JSON", () => {
  const tally = tallyRun(madeRun([...steadyRun(400), { intendedMs: 1, status: "UNAVAILABLE" }]));
  const again: typeof tally = JSON.parse(JSON.stringify(tally));
  expect(figuresOf([again], FULL)).toEqual(figuresOf([tally], FULL));
});

test("no request at all", () => {
  const figures = summarise([madeRun([])], FULL);
  expect(figures).toMatchObject({
    requests: 0,
    throughputPerSec: 0,
    stages: {},
    requestPayloadBytes: undefined,
  });
});
