import type { CellKey } from "../../core/cell.ts";
import type { Verdict } from "../../core/verdict.ts";
import {
  type AnswerResult,
  type CellResult,
  INTERRUPTED,
  type RunResult,
} from "../../recording/cell-result.ts";
import { isOpenLoop, type Report } from "../report.ts";

export const METRICS = ["p50", "p99"] as const;
/** What is compared: percentiles of the headline, response time for open loops, service time for closed ones. */
export type Metric = (typeof METRICS)[number];

export interface MetricValue {
  readonly ms: number;
  /** The percentile lies among requests that were never answered: `ms` is the timeout, and the truth is more. */
  readonly censored: boolean;
}

/** How one run (a repetition in processes of its own) of one side did in one cell. Plain data. */
export interface CellRun {
  readonly key: CellKey;
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
  readonly answers: AnswerResult;
  readonly requests: number;
  /** Requests that failed or timed out. */
  readonly lost: number;
  /** Absent where the run has not the requests for it. */
  readonly values: Readonly<Partial<Record<Metric, MetricValue>>>;
}

/** One run of one side in all its cells, by the cell's name. Plain data. */
export interface SideRun {
  readonly cells: Readonly<Record<string, CellRun>>;
}

/** Whether a run's numbers can be compared at all. */
export function isSound({ verdict }: Pick<CellRun, "verdict">): boolean {
  return verdict !== "INVALID" && verdict !== "FAILED";
}

/** A report's repetitions, in their order; each has the cells that were run in it, and not interrupted. */
export function sideRunsOf({ cells }: Pick<Report, "cells">): readonly SideRun[] {
  const repetitions = new Map<number, Record<string, CellRun>>();
  for (const cell of cells) {
    for (const run of cell.runs) {
      // What the user broke off says nothing against its side.
      if (run.failure === INTERRUPTED) continue;
      const known = repetitions.get(run.repetition) ?? {};
      known[cell.name] = cellRun(cell, run);
      repetitions.set(run.repetition, known);
    }
  }
  return [...repetitions].sort(([a], [b]) => a - b).map(([, found]) => ({ cells: found }));
}

function cellRun(cell: CellResult, { verdict, reasons, answers, figures }: RunResult): CellRun {
  const headline = isOpenLoop(cell) ? figures.response : figures.service;
  const value = (metric: Metric, ms: number | undefined): CellRun["values"] => {
    const censored = headline.censored.includes(metric);
    if (censored) return { [metric]: { ms: figures.timeoutMs, censored } };
    return ms !== undefined && ms > 0 ? { [metric]: { ms, censored } } : {};
  };
  return {
    key: cell.key,
    verdict,
    reasons,
    answers,
    requests: figures.requests,
    lost: figures.failed + figures.timedOut,
    values: { ...value("p50", headline.p50Ms), ...value("p99", headline.p99Ms) },
  };
}
