import { followsSchedule } from "../core/cell.ts";
import type { CellResult } from "../recording/cell-result.ts";

/** Rises when a reader of the old form would misread the new one. Fields may be added without that. */
export const REPORT_SCHEMA_VERSION = 1;

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** `running` while cells are missing, `interrupted` when the bench was ended before they were there. */
export type ReportState = "running" | "complete" | "interrupted";

/** Everything that one bench measured: `report.json`. Plain data; `docs/report.schema.json` describes it. */
export interface Report {
  readonly schemaVersion: typeof REPORT_SCHEMA_VERSION;
  readonly name: string;
  readonly state: ReportState;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly finishedAt?: string | undefined;
  /** Short runs: every sound cell is SMOKE and shows medians only. */
  readonly quick: boolean;
  /** Runs (cells × repetitions) that the bench set out to do; those of `cells` are done. */
  readonly plannedRuns: number;
  /** Host, processors, GPU and driver, versions, commit. */
  readonly environment: { readonly [key: string]: JsonValue };
  /** The effective configuration, defaults included. */
  readonly configuration: { readonly [key: string]: JsonValue };
  /** Every seed by what it was for. */
  readonly seeds: Readonly<Record<string, number>>;
  /** Combinations that are impossible, one line each. */
  readonly skipped: readonly string[];
  /** Facts for the reader: settings of each tuning, seeded weights, an odd number of repetitions. */
  readonly notes: readonly string[];
  /** Cells with at least one finished run, in the order of the matrix. */
  readonly cells: readonly CellResult[];
}

/** Whether response time from the schedule is the headline; else service time is. */
export function isOpenLoop({ key }: Pick<CellResult, "key">): boolean {
  return followsSchedule(key.scenario);
}
