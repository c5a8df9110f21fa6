import type { RunRecord } from "./run-record.ts";

/** The part of the window in which every request has a row: all of it, unless there were more than the recorder keeps. */
export function recordedWindow(record: RunRecord): { readonly startNs: number; readonly endNs: number } {
  const { unrecorded, windowStartNs, windowEndNs } = record;
  return {
    startNs: windowStartNs,
    endNs: unrecorded === undefined ? windowEndNs : Math.min(windowEndNs, recordedUntil(record)),
  };
}

/** The intended time of the last request that has a row, where others have none. */
export function recordedUntil({ columns, rows, windowStartNs, recordedUntilNs }: RunRecord): number {
  return recordedUntilNs ?? (rows > 0 ? columns.intendedNs[rows - 1]! : windowStartNs);
}
