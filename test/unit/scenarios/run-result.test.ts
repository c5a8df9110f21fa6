import { describe, expect, it } from "vitest";
import type { AnswerResult, CellResult } from "../../../src/recording/cell-result.ts";
import type { ForeignForm } from "../../../src/scenarios/foreign/foreign-form.ts";
import { judgeBasis, judgeBasisOfReport } from "../../../src/scenarios/run-result.ts";
import { madeCell } from "../recording/made-cell.ts";

const { key, runs } = madeCell({ key: { target: "http://h:1" }, requests: 40, repetitions: 1 });

describe("what answers are said to be compared with", () => {
  const against = (foreign?: ForeignForm, reference?: string): string | undefined =>
    judgeBasis({ quick: false, reference }, { key, foreign }).answersAgainst;

  it("is the local run of the reference, or the first answers", () => {
    expect(against({ kind: "untouched" }, "/tmp/m.onnx")).toBe("the local run of m.onnx");
    expect(against({ kind: "untouched" })).toMatch(/^the first of this bench/);
    expect(against()).toBeUndefined();
  });

  it("is no local run for pictures that the server decodes", () => {
    expect(against({ kind: "compressed" }, "/tmp/m.onnx")).toMatch(/^the first of this bench/);
  });
});

it("a report's bound on the latency is judged anew", () => {
  const basis = judgeBasisOfReport({ quick: false, latencyBoundMs: 50 }, { key, runs });
  expect(basis.latencyBoundMs).toBe(50);
});

describe("what the answers of a report were compared with", () => {
  const against = (answers: AnswerResult, reference?: string): string | undefined => {
    const cell: Pick<CellResult, "key" | "runs"> = { key, runs: runs.map((run) => ({ ...run, answers })) };
    return judgeBasisOfReport({ quick: false, reference }, cell).answersAgainst;
  };

  it("is told by the digest that only a reference has", () => {
    const learned: AnswerResult = { check: "differs", agreementPercent: 50 };
    expect(against(learned)).toMatch(/^the first of this bench/);
    expect(against({ ...learned, digest: "ab" }, "/tmp/m.onnx")).toBe("the local run of m.onnx");
    expect(against({ ...learned, digest: "ab" })).toBeUndefined();
  });
});
