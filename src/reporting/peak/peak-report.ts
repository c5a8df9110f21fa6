import type { PeakCell } from "../../recording/peak/peak-result.ts";
import type { JsonValue, Report } from "../report.ts";

/** Rises when a reader of the old form would misread the new one. */
export const PEAK_SCHEMA_VERSION = 1;

/** Everything that one search for peaks measured: `peak.json`. Plain data. */
export interface PeakReport
  extends Pick<
    Report,
    "state" | "startedAt" | "finishedAt" | "environment" | "configuration" | "seeds" | "skipped" | "notes"
  > {
  readonly schemaVersion: typeof PEAK_SCHEMA_VERSION;
  readonly kind: "peak";
  readonly name: string;
  /** The objective as the user wrote it. */
  readonly objective: string;
  /** Start rate, resolution, most probes, length of a probe. */
  readonly search: { readonly [key: string]: JsonValue };
  readonly plannedCells: number;
  /** Cells with at least one measured rate or a reason why there is none, in the order of the matrix. */
  readonly cells: readonly PeakCell[];
}
