import type { Comparison, Outcome } from "./comparison.ts";
import type { SideRun } from "./side-runs.ts";

/** Rises when a reader of the old form would misread the new one. */
export const COMPARISON_SCHEMA_VERSION = 1;

/** One side, for the reader. */
export interface SideFacts {
  /** As the user named it. */
  readonly name: string;
  /** What that was: a commit, a folder, a URL. */
  readonly description: string;
}

/** `running` and `interrupted`: `gate` has not made every run. */
export type ComparisonState = "complete" | "running" | "interrupted";

/** One run of a gate, in the order in which they were made. */
export interface GateRun {
  /** From 1. */
  readonly block: number;
  /** Where in the block, from 1: A B B A. */
  readonly position: number;
  readonly side: "base" | "head";
  /** Index of its pair, from 0: the same for the base's run and the head's. */
  readonly pair: number;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** Its results folder, relative to this file's folder. */
  readonly folder: string;
  readonly run: SideRun;
}

/** `comparison.json` and `gate.json`: everything of a comparison. Plain data. */
export interface ComparisonReport {
  readonly schemaVersion: typeof COMPARISON_SCHEMA_VERSION;
  readonly kind: "compare" | "gate";
  readonly state: ComparisonState;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly finishedAt?: string | undefined;
  readonly base: SideFacts;
  readonly head: SideFacts;
  readonly notes: readonly string[];
  readonly outcome: Outcome;
  readonly exitCode: number;
  readonly comparison: Comparison;
  /** `gate` only. */
  readonly runs?: readonly GateRun[] | undefined;
  /** `gate` only: what every run was asked for, and the seed of the first pair. */
  readonly benchArguments?: readonly string[] | undefined;
  readonly seed?: number | undefined;
}

const EXIT_CODES: Readonly<Record<Outcome, number>> = { OK: 0, REGRESSED: 1, INCONCLUSIVE: 2 };

/** The exit code of `compare` and `gate`; 3 is wrong usage. */
export function comparisonExitCode(outcome: Outcome): number {
  return EXIT_CODES[outcome];
}
