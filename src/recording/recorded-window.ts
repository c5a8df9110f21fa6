import type { RunRecord } from "./run-record.ts";

/** The part of the window in which every request has a row: all of it, unless there were more than the recorder keeps. */
export function recordedWindow({ columns, rows, unrecorded, windowStartNs, windowEndNs }: RunRecord): {
  readonly startNs: number;
  readonly endNs: number;
} {
  const lastNs = rows > 0 ? columns.intendedNs[rows - 1]! : windowStartNs;
  return {
    startNs: windowStartNs,
    endNs: unrecorded === undefined ? windowEndNs : Math.min(windowEndNs, lastNs),
  };
}
