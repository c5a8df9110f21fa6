import { expect, test } from "vitest";
import { summarise } from "../../../src/recording/figures.ts";
import { type JudgeContext, judge } from "../../../src/recording/judge.ts";
import type { ProcessCost } from "../../../src/recording/process-costs.ts";
import type { TallyContext } from "../../../src/recording/tally.ts";
import { type MadeRequest, madeRun, START_NS, steadyRun, timingAt } from "./made-run.ts";

const OPEN: JudgeContext = { quick: false, openLoop: true, answerCheck: "identical", lossless: true };

function verdictOf(
  requests: readonly MadeRequest[],
  context: Partial<JudgeContext> = {},
  tally: TallyContext = {},
): ReturnType<typeof judge> {
  const whole = { ...OPEN, ...context };
  const record = madeRun(requests, whole.openLoop ? {} : { concurrency: 1 });
  return judge(summarise([record], { ...whole, ...tally }), whole);
}

test("a healthy run is VALID and needs no reasons", () => {
  expect(verdictOf(steadyRun(100))).toEqual({ verdict: "VALID", reasons: [] });
});

test("few requests that are still out at the window's end are no overload", () => {
  expect(verdictOf(steadyRun(20, 100)).verdict).toBe("VALID");
});

test("dropped or timed-out arrivals are overload", () => {
  const dropped = verdictOf([...steadyRun(100), { intendedMs: 999, dropped: true }]);
  expect(dropped.verdict).toBe("OVERLOADED");
  expect(dropped.reasons[0]).toContain("1 of 101 arrivals were dropped");
  expect(verdictOf([...steadyRun(100), { intendedMs: 5, status: "DEADLINE_EXCEEDED" }]).verdict).toBe(
    "OVERLOADED",
  );
});

test("a queue that grows is overload by its throughput, though everything is answered in the end", () => {
  const growing = Array.from({ length: 1000 }, (_, index) => ({
    intendedMs: index,
    serviceMs: 10 + index * 0.06,
  }));
  const { verdict, reasons } = verdictOf(growing);
  expect(verdict).toBe("OVERLOADED");
  expect(reasons[0]).toMatch(/^Throughput was 93\d\.\d per second of 1000\.0 scheduled/);
  expect(verdictOf(growing, { openLoop: false }).verdict).toBe("VALID");
});

test("answers that differ are INVALID in a lossless encoding only", () => {
  const differs = verdictOf(steadyRun(50), { answerCheck: "differs", answerAgreementPercent: 98.76 });
  expect(differs.verdict).toBe("INVALID");
  expect(differs.reasons[0]).toContain("98.76 %");
  expect(verdictOf(steadyRun(50), { answerCheck: "differs", lossless: false }).verdict).toBe("VALID");
  expect(verdictOf(steadyRun(50), { answerCheck: "differs", quick: true }).verdict).toBe("INVALID");
});

test("stages that leave more than 5 % and 0.05 ms unaccounted do not close", () => {
  const off = (ms: number): readonly MadeRequest[] => {
    const timing = timingAt(START_NS + 1e6, 3e6);
    return [{ intendedMs: 0, timing: { ...timing, inferNs: 3e6 - ms * 1e6 } }];
  };
  expect(verdictOf(off(0.49)).verdict).toBe("VALID");
  expect(verdictOf(off(0.51)).verdict).toBe("INVALID");
  expect(verdictOf(off(-0.51)).verdict).toBe("INVALID");
});

test("lateness that changes a percentile by more than 5 % and 0.2 ms is the generator's fault", () => {
  const late = (ms: number): readonly MadeRequest[] =>
    steadyRun(400).map((request) => ({ ...request, lateMs: ms }));
  expect(verdictOf(late(0.4)).verdict).toBe("VALID");
  const { verdict, reasons } = verdictOf(late(0.8));
  expect(verdict).toBe("INVALID");
  expect(reasons[0]).toMatch(
    /^The generator sent late .*: p50 is 10\.8\d\d ms with its lateness and 10\.0\d\d ms without/,
  );
  expect(reasons[0]).toContain("--generators 2");
  // A closed loop's headline begins with the start.
  expect(verdictOf(late(0.8), { openLoop: false }).verdict).toBe("VALID");
  const fast = late(0.15).map((request) => ({ ...request, serviceMs: 1 }));
  expect(verdictOf(fast).verdict).toBe("VALID");
});

test("lateness of a few requests counts where it changes their percentile only", () => {
  const few = steadyRun(1000).map((request, index) =>
    index % 50 === 0 ? { ...request, lateMs: 5 } : request,
  );
  expect(verdictOf(few).reasons[0]).toMatch(/p99 is 15\.0\d\d ms with its lateness/);
  const fewer = steadyRun(1000).map((request, index) =>
    index % 250 === 0 ? { ...request, lateMs: 5 } : request,
  );
  expect(verdictOf(fewer).verdict).toBe("VALID");
});

test("waiting for a place where arrivals may wait is no lateness", () => {
  const queue = steadyRun(400).map((request, index) => ({ ...request, lateMs: 7.5 * index, serviceMs: 10 }));
  expect(verdictOf(queue).verdict).toBe("INVALID");
  expect(verdictOf(queue, {}, { waitsAt: 1 }).reasons[0]).toMatch(/^Throughput was/);
  // At a limit that is never reached nothing waits.
  expect(verdictOf(queue, {}, { waitsAt: 400 }).verdict).toBe("INVALID");
});

/** Of 1,000 requests, every fiftieth is `ms` slower on its way back. */
function slowDownlinks(ms: number): readonly MadeRequest[] {
  return steadyRun(1000).map((request, index) => {
    if (index % 50 !== 0) return request;
    const timing = timingAt(START_NS + request.intendedMs * 1e6 + 1e6, 3e6);
    return { ...request, serviceMs: 10 + ms, timing };
  });
}

test("a tail that a busy generator, or one that waited for a core, made is INVALID with what to do", () => {
  const client = (cost: Partial<ProcessCost>): TallyContext => ({
    costs: { client: { cpuMs: 1, peakRssMb: 1, ...cost } },
  });
  const slow = slowDownlinks(20);
  expect(verdictOf(slow).verdict).toBe("VALID");
  expect(verdictOf(slow, {}, client({ eventLoopUtilization: 0.7, runQueueWaitMs: 2 })).verdict).toBe("VALID");
  const busy = verdictOf(slow, {}, client({ eventLoopUtilization: 0.91, runQueueWaitMs: 2 }));
  expect(busy.verdict).toBe("INVALID");
  expect(busy.reasons[0]).toMatch(/busy for 91 % .*lower the rate, or use --generators 2/);
  const waited = verdictOf(slow, {}, client({ eventLoopUtilization: 0.3, runQueueWaitMs: 438 }));
  expect(waited.reasons[0]).toMatch(/^The generator waited 438 ms for a core, .*use --generators 2/);
  expect(verdictOf(slow, { openLoop: false }, client({ eventLoopUtilization: 1 })).verdict).toBe("VALID");
  // The same tail, but in the server.
  const server = steadyRun(1000).map((request, index) =>
    index % 50 === 0 ? { ...request, serviceMs: 30 } : request,
  );
  expect(verdictOf(server, {}, client({ eventLoopUtilization: 0.91, runQueueWaitMs: 438 })).verdict).toBe(
    "VALID",
  );
});

test("Little's law that does not hold is INVALID, from 368 requests on", () => {
  const counted = (requests: number, count: number): ReturnType<typeof judge> => {
    const atNs = Float64Array.from({ length: 200 }, (_, index) => START_NS + index * 5e6);
    const record = { ...madeRun(steadyRun(requests)), inFlight: { atNs, requests: atNs.map(() => count) } };
    return judge(summarise([record], OPEN), OPEN);
  };
  // 400 requests of 10 ms a second: 4 in flight, less what the window's end cuts off.
  expect(counted(400, 4).verdict).toBe("VALID");
  expect(counted(400, 5).verdict).toBe("INVALID");
  expect(counted(400, 5).reasons[0]).toMatch(
    /^Little's law does not hold: counted at 200 random times 5\.000/,
  );
  expect(counted(300, 5).verdict).toBe("VALID");
  // A quarter of 0.1 ms a request: between a mark and the count lies a reading of the clock.
  const fast = steadyRun(4000, 0.1).map((request) => ({ ...request, timing: "none" as const }));
  const atNs = Float64Array.from({ length: 1000 }, (_, index) => START_NS + index * 1e6);
  const inFlight = { atNs, requests: atNs.map((_, index) => (index % 2 === 0 ? 1 : 0)) };
  const figures = summarise([{ ...madeRun(fast), inFlight }], OPEN);
  expect(figures.littlesLaw!.counted - figures.littlesLaw!.predicted).toBeCloseTo(0.1, 2);
  expect(judge(figures, OPEN).verdict).toBe("VALID");
});

test("a median that moves is UNSTABLE; overload explains a rise and comes first", () => {
  const rising = steadyRun(1000).map((request, index) => ({
    ...request,
    serviceMs: 10 + index / 200 + (index % 7) / 10,
  }));
  const { verdict, reasons } = verdictOf(rising, { openLoop: false });
  expect(verdict).toBe("UNSTABLE");
  expect(reasons[0]).toMatch(/^The median service time rose by \d\d % over the run \(p < 0\.0001\)\.$/);
  expect(reasons[1]).toMatch(/^Warm up longer/);
  expect(verdictOf([...rising, { intendedMs: 999, dropped: true }]).verdict).toBe("OVERLOADED");
  expect(verdictOf(rising, { quick: true }).verdict).toBe("SMOKE");
  // A ramp is meant to do that.
  expect(verdictOf(rising, { openLoop: false, rateVaries: true }).verdict).toBe("VALID");
});

test("a stall is named and changes no verdict", () => {
  const stalled = steadyRun(400).map((request) =>
    request.intendedMs >= 300 && request.intendedMs < 500
      ? { ...request, serviceMs: 500 - request.intendedMs }
      : request,
  );
  const { verdict, reasons } = verdictOf(stalled);
  expect(verdict).toBe("VALID");
  expect(reasons[0]).toMatch(/^For (19|20)\d ms from 0\.3 s on no answer came/);
});

test("a quick run is SMOKE and nothing better or worse, unless it failed or answered wrongly", () => {
  expect(verdictOf(steadyRun(50), { quick: true })).toEqual({ verdict: "SMOKE", reasons: [] });
  const dropped = verdictOf([...steadyRun(50), { intendedMs: 1, dropped: true }], { quick: true });
  expect(dropped.verdict).toBe("SMOKE");
  expect(dropped.reasons).toHaveLength(1);
});

test("what could not run to its end is FAILED, with its reason", () => {
  expect(verdictOf(steadyRun(50), { failure: "The server ended." })).toEqual({
    verdict: "FAILED",
    reasons: ["The server ended."],
  });
  expect(verdictOf([]).verdict).toBe("FAILED");
  const none = verdictOf([{ intendedMs: 0, status: "UNAVAILABLE" }]);
  expect(none.verdict).toBe("FAILED");
  expect(none.reasons[0]).toContain("UNAVAILABLE happened");
});

test("a server that went away before the end is FAILED, one that failed in between is not", () => {
  const gone = Array.from({ length: 5 }, (_, index) => ({
    intendedMs: 990 + index,
    status: "UNAVAILABLE" as const,
  }));
  expect(verdictOf([...steadyRun(50), ...gone]).verdict).toBe("FAILED");
  const between = verdictOf([...gone, ...steadyRun(500)]);
  expect(between.verdict).toBe("VALID");
  expect(between.reasons).toEqual(["5 of 505 requests failed (5 UNAVAILABLE, first: UNAVAILABLE happened)."]);
});
