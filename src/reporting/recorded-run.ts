import type { RunRecord } from "../recording/run-record.ts";

/** One run with its requests, as `--save-requests` writes it. */
export interface RecordedRun {
  /** The cell's name. */
  readonly cell: string;
  /** From 1. */
  readonly repetition: number;
  readonly record: RunRecord;
  /** Per frame index: nanoseconds that getting the frame took, before the run. */
  readonly retrieveNs?: ArrayLike<number> | undefined;
}
