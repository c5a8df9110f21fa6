import { expect, test } from "vitest";
import { summarise } from "../../../src/recording/figures.ts";
import { type JudgeContext, judge } from "../../../src/recording/judge.ts";
import { type MadeRequest, madeRun, START_NS, steadyRun, timingAt } from "./made-run.ts";

const OPEN: JudgeContext = { quick: false, openLoop: true, answerCheck: "identical", lossless: true };

function verdictOf(
  requests: readonly MadeRequest[],
  context: Partial<JudgeContext> = {},
): ReturnType<typeof judge> {
  const whole = { ...OPEN, ...context };
  return judge(summarise([madeRun(requests)], whole), whole);
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
