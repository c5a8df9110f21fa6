import { expect, test } from "vitest";
import { figuresOf, summarise } from "../../../src/recording/figures.ts";
import { tallyRun } from "../../../src/recording/tally.ts";
import { madeRun, steadyRun } from "./made-run.ts";

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
  expect(figures.response).toMatchObject({ count: 395, unanswered: 5, p99Ms: undefined, meanMs: undefined });
  expect(figures.response.p95Ms).toBeCloseTo(10, 1);
  expect(figures.okResponse).toMatchObject({ count: 395, unanswered: 0, meanMs: 10 });
  expect(figures.service).toMatchObject({ count: 395, unanswered: 2 });
  expect(figures.sendLateness.count).toBe(397);
  expect(figures.censored).toEqual(["response_p99>10000", "response_max>10000", "service_max>10000"]);
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
