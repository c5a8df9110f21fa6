import { describe, expect, it } from "vitest";
import { parseObjective } from "../../../../src/config/parse-objective.ts";
import { createRandom } from "../../../../src/core/random.ts";
import { runResult } from "../../../../src/recording/cell-result.ts";
import {
  assessRate,
  type RateAssessment,
  type RateEvidence,
} from "../../../../src/recording/peak/assess-rate.ts";
import { tallyRun } from "../../../../src/recording/tally.ts";
import { type MadeRequest, madeRun, steadyRun } from "../made-run.ts";

const DEADLINE_MS = 40;

/** @param more - `judged`: with the verdict that the judge gives; else VALID and what is given here. */
function evidence(requests: readonly MadeRequest[], more: Partial<RateEvidence> | "judged"): RateEvidence {
  const result = runResult(
    {
      repetition: 1,
      startedAt: "",
      answers: { check: "identical" },
      tally: tallyRun(madeRun(requests), { deadlineMs: DEADLINE_MS }),
      notes: [],
    },
    { quick: false, openLoop: true, lossless: true },
  );
  const basis = { ...result, tallies: [result.tally], lossless: true };
  return more === "judged" ? basis : { ...basis, verdict: "VALID", reasons: [], ...more };
}

function assess(
  slo: string,
  requests: readonly MadeRequest[],
  more: Partial<RateEvidence> | "judged" = {},
): RateAssessment {
  return assessRate(parseObjective(slo, DEADLINE_MS), evidence(requests, more));
}

/** 400 requests of 10 ms of which some take longer. */
const withSlow = (count: number, serviceMs: number): readonly MadeRequest[] =>
  steadyRun(400).map((request, index) => (index % 100 < count ? { ...request, serviceMs } : request));

describe("assessRate", () => {
  it("holds when the nearest rank is within the bound, and says what it found", () => {
    const found = assess("p99=50ms,p50=11ms", withSlow(1, 500));
    expect(found).toMatchObject({ held: true, borderline: false });
    expect(found.reasons.join()).toMatch(/p99 10(\.\d+)? ms, within 50 ms,p50 10(\.\d+)? ms, within 11 ms/);
  });

  it("misses when the percentile is above: noise could have done it", () => {
    const found = assess("p99=50ms", withSlow(2, 80));
    expect(found).toMatchObject({ held: false, cause: "objective", borderline: true });
    expect(found.reasons.join()).toMatch(/p99 80(\.\d+)? ms, above 50 ms/);
  });

  it("counts every scheduled request: what was dropped is slower than any bound", () => {
    const requests = steadyRun(400).map((request, index) =>
      index % 50 === 0 ? { ...request, dropped: true } : request,
    );
    expect(assess("p99=50ms", requests)).toMatchObject({ held: false, cause: "errors" });
    const allowed = assess("p99=50ms,error-rate<5%", requests);
    expect(allowed).toMatchObject({ held: false, cause: "objective" });
    expect(allowed.reasons.join()).toMatch(/p99 > 10000 ms/);
    expect(assess("p95=50ms,error-rate<5%", requests).held).toBe(true);
  });

  it("allows no error unless the objective says so", () => {
    const requests = [...steadyRun(400), { intendedMs: 5, status: "INTERNAL" as const }];
    const found = assess("p50=50ms", requests);
    expect(found).toMatchObject({ held: false, cause: "errors" });
    expect(found.reasons.join()).toBe("1 failed of 401 requests");
    expect(assess("p50=50ms,error-rate<1%", requests).held).toBe(true);
    expect(assess("p50=50ms,error-rate<0.1%", requests).held).toBe(false);
  });

  it("reads goodput from the same population", () => {
    expect(assess("goodput=99%", withSlow(1, 60)).held).toBe(true);
    const found = assess("goodput=99%", withSlow(2, 60));
    expect(found).toMatchObject({ held: false, cause: "objective" });
    expect(found.reasons.join()).toMatch(/99 % of the requests within 60(\.\d+)? ms, above 40 ms/);
  });

  it("misses clearly when the answers do not keep up with the schedule", () => {
    // Each waits for the one before: 400 arrivals in a second, 5 ms each.
    const requests = steadyRun(400).map((request, index) => ({
      ...request,
      serviceMs: 10 + index * 5 - request.intendedMs + 10,
    }));
    expect(assess("p99=60s", requests)).toMatchObject({
      held: false,
      cause: "throughput",
      borderline: false,
    });
  });

  it("tells the generator's fault from the server's", () => {
    const late = steadyRun(400).map((request) => ({ ...request, lateMs: 5 }));
    const found = assess("p99=12ms", late, "judged");
    expect(found).toMatchObject({ held: false, cause: "generator", borderline: true });
    expect(found.reasons.join()).toMatch(/generator sent late.*--generators 2/);
  });

  it("holds what is met with the generator's lateness in it, unless times or counts are wrong too", () => {
    const late = evidence(
      steadyRun(400).map((request) => ({ ...request, lateMs: 5 })),
      "judged",
    );
    const objective = parseObjective("p99=50ms", DEADLINE_MS);
    const found = assessRate(objective, late);
    expect(late.verdict).toBe("INVALID");
    expect(found).toMatchObject({ held: true, borderline: false });
    expect(found.reasons.join("; ")).toMatch(/within 50 ms; the generator was late, which is counted in it/);
    const figures = { ...late.figures, unaccountedMeanMs: 5, stageServiceMeanMs: 10 };
    expect(assessRate(objective, { ...late, figures })).toMatchObject({ held: false });
  });

  it("tells a fault of the instrument, and answers that differ", () => {
    const invalid = { verdict: "INVALID", reasons: ["The stages leave 3 ms."] } as const;
    expect(assess("p99=50ms", steadyRun(400), invalid)).toMatchObject({
      cause: "instrument",
      borderline: true,
    });
    const differs = { ...invalid, answers: { check: "differs" } } as const;
    expect(assess("p99=50ms", steadyRun(400), differs)).toMatchObject({
      cause: "answers",
      borderline: false,
    });
    expect(assess("p99=50ms", steadyRun(400), { ...differs, lossless: false }).cause).toBe("instrument");
  });

  it("does not hold a response time that rises all the time", () => {
    const random = createRandom(5);
    const rising = steadyRun(400).map((request, index) => ({
      ...request,
      serviceMs: 10 + index / 20 + random.fraction(),
    }));
    const found = assess("p99=50ms", rising, "judged");
    expect(found).toMatchObject({ held: false, cause: "rising", borderline: true });
    expect(assess("p99=50ms", steadyRun(400), "judged").held).toBe(true);
  });

  it("does not hold what failed", () => {
    expect(assess("p99=50ms", steadyRun(400), { verdict: "FAILED", reasons: ["It ended."] })).toMatchObject({
      held: false,
      cause: "failed",
      reasons: ["It ended."],
    });
  });
});
