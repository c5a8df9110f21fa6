import type { RunRecord } from "./run-record.ts";

/** What a report says about how a run's requests were kept. */
export function recordingNotes({
  rows,
  unrecorded,
  bytesPerRow,
}: Pick<RunRecord, "rows" | "unrecorded" | "bytesPerRow">): readonly string[] {
  return [
    ...(bytesPerRow === undefined
      ? []
      : [`recording took ${bytesPerRow} bytes of the generator's memory per request`]),
    ...(unrecorded === undefined
      ? []
      : [
          `${rows} of ${rows + unrecorded.requests} requests were recorded one by one (--max-recorded): stages, jitter, trend, age and Little's law are of these, counts and percentiles of all`,
        ]),
  ];
}
