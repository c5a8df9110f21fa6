import { basename } from "node:path";
import { followsSchedule } from "../core/cell.ts";
import { clockId } from "../core/clock.ts";
import { type CellResult, type JudgeBasis, type RunResult, runResult } from "../recording/cell-result.ts";
import { createRecorder } from "../recording/recorder.ts";
import { tallyRun } from "../recording/tally.ts";
import { answerCheck } from "./answers.ts";
import type { BenchSpec } from "./bench-spec.ts";
import type { Cell } from "./cell.ts";
import type { RunOutcome } from "./run-outcome.ts";

const FIRST_ANSWERS = "the first of this bench to the same frames";

function localRun(reference: string): string {
  return `the local run of ${basename(reference)}`;
}

/** What judging a cell's runs starts from. */
export function judgeBasis(
  { quick, latencyBoundMs, reference }: Pick<BenchSpec, "quick" | "latencyBoundMs" | "reference">,
  { key, foreign }: Pick<Cell, "key" | "foreign">,
): JudgeBasis {
  return {
    quick,
    scenario: key.scenario,
    latencyBoundMs,
    openLoop: followsSchedule(key.scenario),
    rateVaries: /^(ramp|steps|recording|file)\b/.test(key.arrivals ?? ""),
    answersAgainst:
      foreign === undefined
        ? undefined
        : reference === undefined || foreign.kind === "compressed"
          ? FIRST_ANSWERS
          : localRun(reference),
    lossless: key.encoding !== "jpeg",
  };
}

/**
 * The same for a cell that a report holds, of a server elsewhere: only what was compared with a reference has a digest of it.
 * Bound and reference are those of the report's configuration.
 */
export function judgeBasisOfReport(
  { quick, latencyBoundMs, reference }: Pick<BenchSpec, "quick" | "latencyBoundMs" | "reference">,
  { key, runs }: Pick<CellResult, "key" | "runs">,
): JudgeBasis {
  const compared = runs.find(({ answers }) => answers.check !== "unchecked");
  const hasReference = compared?.answers.digest !== undefined;
  return {
    ...judgeBasis({ quick, latencyBoundMs }, { key }),
    answersAgainst: hasReference ? reference && localRun(reference) : FIRST_ANSWERS,
  };
}

/** The row that one repetition becomes. @param repetition - from 0. */
export function toRunResult(
  outcome: RunOutcome,
  {
    spec,
    cell,
    repetition,
    startedAt,
  }: { spec: BenchSpec; cell: Cell; repetition: number; startedAt: string },
): RunResult {
  const { key } = cell;
  // Without batching the same bytes through the same graph give the same bytes, on the CPU.
  const exact = key.encoding !== "jpeg" && key.device !== "gpu" && key.target === "managed" && !cell.batched;
  const { check, agreementPercent } = answerCheck(outcome.answers, exact);
  const tally = tallyRun(outcome.record ?? emptyRecord(spec.timeoutMs), {
    deadlineMs: spec.deadlineMs,
    retrieveNs: outcome.retrieveNs,
    costs: outcome.costs,
    queries: key.scenario === "multi-stream",
    waitsAt: key.whenBusy === undefined || key.whenBusy === "drop-new" ? undefined : spec.maxInFlight,
    serverMeans: outcome.serverMeans,
    wire: outcome.wire,
  });
  return runResult(
    {
      repetition: repetition + 1,
      startedAt,
      windowStartedAt: outcome.windowStartedAt,
      failure: outcome.failure,
      answers: { check, agreementPercent, digest: outcome.answers.digest },
      warmUp: outcome.warmup,
      notes: outcome.notes,
      gpu: outcome.gpu,
      tally,
    },
    judgeBasis(spec, cell),
  );
}

function emptyRecord(timeoutMs: number) {
  const none = { idPrefix: "", windowStartNs: 0, windowEndNs: 0, timeoutMs, aborted: false };
  return createRecorder({ clockId: clockId() }).finish(none);
}
