import { describe, expect, it } from "vitest";
import { parseObjective } from "../../../../src/config/parse-objective.ts";
import { cellResult, type RunResult, runResult } from "../../../../src/recording/cell-result.ts";
import { confirmationPoint } from "../../../../src/recording/peak/peak-result.ts";
import { tallyRun } from "../../../../src/recording/tally.ts";
import { assessConfirmation } from "../../../../src/scenarios/peak/assess-confirmation.ts";
import { madeCell } from "../../recording/made-cell.ts";
import { type MadeRequest, madeRun, steadyRun } from "../../recording/made-run.ts";

const BASIS = { quick: false, openLoop: true, lossless: true };
const { key } = madeCell({ key: { scenario: "open-loop", concurrency: undefined }, requests: 40 });

function repetition(number: number, requests: readonly MadeRequest[]): RunResult {
  const tally = tallyRun(madeRun(requests), {});
  const startedAt = "2026-03-14T09:15:00.000Z";
  return runResult(
    { repetition: number, startedAt, answers: { check: "identical" }, tally, notes: [] },
    BASIS,
  );
}

function confirmed(runs: readonly RunResult[]) {
  const cell = cellResult({ name: "http", key, executionProvider: "", runs }, BASIS);
  return confirmationPoint(100, {
    cell,
    ...assessConfirmation(parseObjective("p99=50ms", undefined), cell, true),
  });
}

const late = steadyRun(400).map((request) => ({ ...request, lateMs: 5 }));

describe("assessConfirmation", () => {
  it("counts no repetition that is not pooled as a miss: the generator was at fault there", () => {
    const runs = [repetition(1, steadyRun(400)), repetition(2, late), repetition(3, steadyRun(400))];
    expect(runs[1]?.verdict).toBe("INVALID");
    expect(confirmed(runs)).toMatchObject({ held: true, runs: 2, runsHeld: 2, requests: 800 });
  });

  it("counts a sound one that missed", () => {
    const slow = steadyRun(400).map((request, index) =>
      index % 40 === 0 ? { ...request, serviceMs: 90 } : request,
    );
    const runs = [1, 2, 3].map((number) => repetition(number, steadyRun(400)));
    expect(confirmed([...runs, repetition(4, slow)])).toMatchObject({ held: true, runs: 4, runsHeld: 3 });
  });

  it("names the percentile that lies above the timeout", () => {
    const timedOut = steadyRun(400).map((request, index) =>
      index % 50 === 0 ? { ...request, status: "DEADLINE_EXCEEDED" as const } : request,
    );
    const point = confirmed([repetition(1, timedOut)]);
    expect(point.p99Ms).toBeUndefined();
    expect(point.censored).toEqual(["response_p99>10000"]);
  });

  it("holds where every repetition is INVALID by the generator's lateness alone, and all is met with it", () => {
    expect(confirmed([repetition(1, late), repetition(2, late)])).toMatchObject({
      held: true,
      runs: 2,
      runsHeld: 2,
    });
  });
});
