import type { RunRecord } from "./run-record.ts";

/**
 * How late the generator started each request by its own fault, nanoseconds; NaN for requests that were not started. Where
 * arrivals may wait at the in-flight limit, a request could not start before the answer of its vehicle that came last before
 * it did: the time until then is the system's.
 *
 * @param waits - arrivals wait at the limit (`--when-busy queue` and `newest-wins`).
 */
export function ownLateness(record: RunRecord, waits: boolean): Float64Array {
  const { rows } = record;
  const { intendedNs, startNs, doneNs, vehicle } = record.columns;
  const lateness = new Float64Array(rows);
  for (let row = 0; row < rows; row += 1) lateness[row] = startNs[row]! - intendedNs[row]!;
  if (!waits) return lateness;
  const byStart = rowsBy(startNs);
  const byDone = rowsBy(doneNs);
  const lastDoneNs = new Map<number, number>();
  let ended = 0;
  for (const row of byStart) {
    while (ended < byDone.length && doneNs[byDone[ended]!]! <= startNs[row]!) {
      const other = byDone[ended]!;
      // Requests that were given up while they waited held no place.
      if (!Number.isNaN(startNs[other]!)) lastDoneNs.set(fleetIndex(vehicle[other]), doneNs[other]!);
      ended += 1;
    }
    const freeNs = lastDoneNs.get(fleetIndex(vehicle[row])) ?? Number.NEGATIVE_INFINITY;
    lateness[row] = startNs[row]! - Math.max(intendedNs[row]!, freeNs);
  }
  return lateness;
}

/** Rows whose mark is there, by their mark. */
function rowsBy(marks: Float64Array): Uint32Array {
  const rows = new Uint32Array(marks.length);
  let count = 0;
  for (let row = 0; row < marks.length; row += 1) {
    if (Number.isNaN(marks[row]!)) continue;
    rows[count] = row;
    count += 1;
  }
  return rows.subarray(0, count).sort((a, b) => marks[a]! - marks[b]!);
}

/** Which vehicle a row is of; 0 in a run without vehicles. */
export function fleetIndex(vehicle: number | undefined): number {
  return vehicle === undefined || Number.isNaN(vehicle) ? 0 : vehicle;
}
