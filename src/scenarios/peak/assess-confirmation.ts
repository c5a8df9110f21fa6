import type { CellResult } from "../../recording/cell-result.ts";
import { assessRate, type RateAssessment } from "../../recording/peak/assess-rate.ts";
import type { Objective } from "../../recording/peak/objective.ts";

/** Whether a full run holds an objective. */
export interface ConfirmationAssessment {
  /** The pooled repetitions together: it decides. */
  readonly assessment: RateAssessment;
  /** Each of them by itself. */
  readonly runs: readonly RateAssessment[];
}

/**
 * A repetition that is not pooled (the generator sent late, say) is no evidence of the rate, so it is no miss either.
 *
 * @param lossless - as in {@link assessRate}.
 */
export function assessConfirmation(
  objective: Objective,
  cell: CellResult,
  lossless: boolean,
): ConfirmationAssessment {
  const pool = cell.runs.filter(({ repetition }) => cell.pooled.includes(repetition));
  const tallies = pool.map(({ tally }) => tally);
  return {
    assessment: assessRate(objective, { ...cell, tallies, lossless }),
    runs: pool.map((run) => assessRate(objective, { ...run, tallies: [run.tally], lossless })),
  };
}
