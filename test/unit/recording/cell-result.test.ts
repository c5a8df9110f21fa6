import { expect, test } from "vitest";
import {
  type AnswerResult,
  type CellResult,
  cellResult,
  type RunResult,
  runResult,
} from "../../../src/recording/cell-result.ts";
import { tallyRun } from "../../../src/recording/tally.ts";
import { madeCell } from "./made-cell.ts";
import { type MadeRequest, madeRun, steadyRun } from "./made-run.ts";

const BASIS = { quick: false, openLoop: false, lossless: true };
const IDENTICAL: AnswerResult = { check: "identical", agreementPercent: 100 };
const DIFFERS: AnswerResult = { check: "differs", agreementPercent: 42 };

function run(repetition: number, requests: readonly MadeRequest[], more: Partial<RunResult> = {}): RunResult {
  return runResult(
    {
      repetition,
      startedAt: "2026-03-14T09:15:00.000Z",
      failure: more.failure,
      answers: more.answers ?? IDENTICAL,
      tally: tallyRun(madeRun(requests)),
      notes: [],
    },
    BASIS,
  );
}

function cell(...runs: readonly RunResult[]): CellResult {
  const { name, key, executionProvider } = madeCell();
  return cellResult({ name, key, executionProvider, runs }, BASIS);
}

test("sound repetitions are pooled, in order, with their spread", () => {
  const result = cell(run(2, steadyRun(50, 12)), run(1, steadyRun(50, 10)));
  expect(result).toMatchObject({ verdict: "VALID", reasons: [], repetitions: 2, pooled: [1, 2] });
  expect(result.figures.requests).toBe(100);
  expect(result.spreadP50Ms?.lowest).toBeCloseTo(10, 1);
  expect(result.spreadP50Ms?.highest).toBeCloseTo(12, 1);
});

test("INVALID and FAILED repetitions are not pooled with others, and this is said", () => {
  const result = cell(
    run(1, steadyRun(50)),
    run(2, steadyRun(50), { answers: DIFFERS }),
    run(3, [], { failure: "It died." }),
  );
  expect(result).toMatchObject({ verdict: "VALID", repetitions: 1, pooled: [1], answers: IDENTICAL });
  expect(result.reasons[0]).toMatch(/^Repetition 2 is INVALID and not pooled: The answers differ/);
  expect(result.reasons[1]).toBe("Repetition 3 is FAILED and not pooled: It died.");
  expect(result.runs).toHaveLength(3);
});

test("a cell that has no others shows theirs, under that verdict, with their counts", () => {
  const gone = [...steadyRun(20), { intendedMs: 900, status: "UNAVAILABLE" as const }];
  const failed = cell(run(1, gone, { failure: "The server ended." }));
  expect(failed).toMatchObject({ verdict: "FAILED", reasons: ["The server ended."] });
  expect(failed.figures).toMatchObject({ requests: 21, ok: 20, failed: 1 });
  const invalid = cell(
    run(1, gone, { failure: "The server ended." }),
    run(2, steadyRun(9), { answers: DIFFERS }),
  );
  expect(invalid).toMatchObject({ verdict: "INVALID", pooled: [2], answers: DIFFERS });
});

test("a cell of INVALID repetitions alone says which one said what, and the same only once", () => {
  const differs = run(1, steadyRun(50), { answers: DIFFERS });
  const other = run(2, steadyRun(50), { answers: { check: "differs", agreementPercent: 17 } });
  const reasons = cell(differs, other).reasons;
  expect(reasons).toHaveLength(2);
  expect(reasons[1]).toMatch(/^Repetition 2: The answers differ .*17 %/);
  expect(cell(differs, { ...differs, repetition: 2 }).reasons).toHaveLength(1);
});

test("one drifting repetition among several needs more evidence than alone", () => {
  const wobbling = (rise: number): readonly MadeRequest[] =>
    steadyRun(400).map((request, index) => ({
      ...request,
      serviceMs: 10 * (1 + (rise * index) / 400) + 2 * Math.sin(index * 12.9898),
    }));
  const drifting = run(1, wobbling(1));
  expect(drifting.verdict).toBe("UNSTABLE");
  const calm = [2, 3, 4].map((repetition) => run(repetition, wobbling(0)));
  expect(calm.map(({ verdict }) => verdict)).toEqual(["VALID", "VALID", "VALID"]);
  const result = cell(drifting, ...calm);
  expect(result.verdict).toBe("UNSTABLE");
  expect(result.pooled).toEqual([1, 2, 3, 4]);
  expect(result.reasons[0]).toContain("over one of the runs");
  expect(cell(...calm).verdict).toBe("VALID");
});
