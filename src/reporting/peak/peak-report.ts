import { join } from "node:path";
import type { PeakCell } from "../../recording/peak/peak-result.ts";
import type { JsonValue, Report } from "../report.ts";
import { writeWhole } from "../write-results.ts";
import { peakCsv } from "./peak-csv.ts";

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

/** The files of a peak's results folder. */
export const PEAK_FILES = { table: "peak.csv", report: "peak.json" } as const;

/** Writes all files anew, each whole or not at all. One call at a time. @throws what the file system throws. */
export async function writePeak(folder: string, report: PeakReport): Promise<void> {
  await writeWhole(join(folder, PEAK_FILES.table), peakCsv(report));
  await writeWhole(join(folder, PEAK_FILES.report), `${JSON.stringify(report, undefined, 1)}\n`);
}

/** 1 when a cell found no confirmed peak, or there is none; else 0. */
export function peakExitCode({ cells }: Pick<PeakReport, "cells">): 0 | 1 {
  return cells.length > 0 && cells.every(({ state }) => state === "confirmed") ? 0 : 1;
}
