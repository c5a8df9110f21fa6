import type { CellKey } from "../../core/cell.ts";
import type { Finding } from "./findings.ts";
import type { Metric } from "./side-runs.ts";

/** From when on a difference counts, as fractions: 0.05 is 5 %. */
export interface ComparisonLimits {
  /** Probability of even one false alarm in the whole family. */
  readonly alpha: number;
  /** A significant change over this is a regression. */
  readonly threshold: number;
  /** OK means that the upper 95 % bound of the ratio lies under it. */
  readonly tolerance: Readonly<Record<Metric, number>>;
}

export const DEFAULT_LIMITS: ComparisonLimits = {
  alpha: 0.05,
  threshold: 0.05,
  tolerance: { p50: 0.1, p99: 0.25 },
};

export const OUTCOMES = ["OK", "REGRESSED", "INCONCLUSIVE"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** `undecided`: neither a change nor its absence is shown; `missing`: there is nothing to compare. */
export type RowState = "regressed" | "improved" | "ok" | "undecided" | "missing";

/** A cell's percentile on both sides, or the geometric mean of all cells. Ratios are head ÷ base. */
export interface ComparisonRow {
  /** Absent for the geometric mean of all cells. */
  readonly cell?: string | undefined;
  readonly metric: Metric;
  readonly state: RowState;
  /** Runs that the row is made of: pairs, or those of each side. */
  readonly baseRuns: number;
  readonly headRuns: number;
  /** Geometric means over these runs, milliseconds. */
  readonly baseMs?: number | undefined;
  readonly headMs?: number | undefined;
  /** A value lies among unanswered requests: the ratio is at least this. */
  readonly censored: boolean;
  readonly ratio?: number | undefined;
  /** Ends of the 95 % interval; absent where so few runs have none. */
  readonly ratioLow?: number | undefined;
  readonly ratioHigh?: number | undefined;
  readonly pValue?: number | undefined;
  /** After Holm, over all rows. */
  readonly adjustedP: number;
  /** Pairs only, as a check: the permutation test within blocks. */
  readonly permutationP?: number | undefined;
  /** A true change of this ratio would be flagged in 80 of 100 comparisons like this one; absent: none would. */
  readonly smallestDetectableRatio?: number | undefined;
  /** Two runs of the same side differ by less than this ratio in 95 of 100 cases. */
  readonly sameCodeRatio?: number | undefined;
}

/** One comparison of two sides. Plain data. */
export interface Comparison {
  /** `paired`: A B B A blocks in one job (paired t on log-ratios); `unpaired`: two results (Mann–Whitney U). */
  readonly design: "paired" | "unpaired";
  readonly limits: ComparisonLimits;
  /** The base's cells and those that only the head has. */
  readonly cells: readonly { readonly name: string; readonly key: CellKey }[];
  /** Every cell × metric, then the geometric means. */
  readonly rows: readonly ComparisonRow[];
  readonly findings: readonly Finding[];
  readonly outcome: Outcome;
  /** Whole sentences: why it is that outcome, and what to do. */
  readonly reasons: readonly string[];
  /** Rows that became faster, in words. */
  readonly improvements: readonly string[];
  /** Repetitions (pairs) that would be needed beside those there are, about; only when that would help. */
  readonly moreRepetitions?: number | undefined;
  /** The method of the permutation check, e.g. `all 7,776 labellings within blocks`. */
  readonly permutation?: string | undefined;
}
