import type { RunRecord } from "./run-record.ts";
import { BROKER_COVERAGE, hasBroker } from "./stages.ts";

type Kept = Pick<RunRecord, "rows" | "columns" | "unrecorded" | "bytesPerRow" | "duplicateAnswers">;

/** What a report says about how a run's requests were kept. */
export function recordingNotes(record: Kept): readonly string[] {
  const { rows, unrecorded, bytesPerRow, duplicateAnswers = 0 } = record;
  return [
    ...(bytesPerRow === undefined
      ? []
      : [`recording took ${bytesPerRow} bytes of the generator's memory per request`]),
    ...(unrecorded === undefined
      ? []
      : [
          `${rows} of ${rows + unrecorded.requests} requests were recorded one by one (--max-recorded): stages, jitter, trend, stalls, age, Little's law, vehicles and multi-stream's queries are of these, counts and percentiles of requests of all`,
        ]),
    ...brokerNotes(record),
    ...(duplicateAnswers > 0
      ? [
          `${duplicateAnswers} answers came again after their request had been answered: they are in no figure`,
        ]
      : []),
  ];
}

/** A broker or relay keeps the marks of so many requests only. */
function brokerNotes({ rows, columns }: Kept): string[] {
  let ok = 0;
  let marked = 0;
  for (let row = 0; row < rows; row += 1) {
    if (columns.status[row] !== 0) continue;
    ok += 1;
    if (hasBroker(columns, row)) marked += 1;
  }
  if (marked === 0 || marked === ok) return [];
  const stages =
    marked >= ok * BROKER_COVERAGE ? "stages are of these" : "its time is within uplink and downlink";
  return [`the broker or relay marked ${marked} of ${ok} answered requests: ${stages}`];
}
