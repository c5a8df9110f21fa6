import { join } from "node:path";
import { writeWhole } from "../write-results.ts";
import { peakCsv } from "./peak-csv.ts";
import type { PeakReport } from "./peak-report.ts";

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
