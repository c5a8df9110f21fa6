import { dealOut } from "./deal-out.ts";
import type { RunRecord } from "./run-record.ts";

/**
 * How late the generator started each request by its own fault, nanoseconds; NaN for requests that were not started. Where
 * arrivals may wait at the in-flight limit, one that found its lane full could not start before a place was free there: the
 * time until then is the system's. It was full when so many earlier requests of the lane would have been out at the intended
 * moment had they been started in time: those that the generator's own delay piled up do not count.
 *
 * @param waitsAt - the in-flight limit of a vehicle at which arrivals wait (`--when-busy queue` and `newest-wins`), dealt out
 * among the generators; absent: none wait.
 */
export function ownLateness(record: RunRecord, waitsAt: number | undefined): Float64Array {
  const { rows, origin } = record;
  const { intendedNs, startNs, doneNs, vehicle } = record.columns;
  const lateness = new Float64Array(rows);
  for (let row = 0; row < rows; row += 1) lateness[row] = startNs[row]! - intendedNs[row]!;
  if (waitsAt === undefined) return lateness;
  const limits = dealOut(waitsAt, origin?.idPrefixes.length ?? 1);
  const fleets = limits.map(() => new Map<number, Lane>());
  // A lane is first in, first out, and the rows are in its order.
  for (let row = 0; row < rows; row += 1) {
    // Dropped, or given up while it waited: it held no place.
    if (Number.isNaN(startNs[row]!)) continue;
    const generator = origin?.generator[row] ?? 0;
    const lanes = fleets[generator]!;
    const number = fleetIndex(vehicle[row]);
    let lane = lanes.get(number);
    if (lane === undefined) {
      const places = Math.min(limits[generator]!, rows);
      lane = { freeNs: createLargest(places), inTimeNs: createLargest(places) };
      lanes.set(number, lane);
    }
    if (lane.inTimeNs.least > intendedNs[row]!) {
      lateness[row] = startNs[row]! - Math.max(intendedNs[row]!, lane.freeNs.least);
    }
    const endNs = Number.isNaN(doneNs[row]!) ? Number.POSITIVE_INFINITY : doneNs[row]!;
    lane.freeNs.add(endNs);
    lane.inTimeNs.add(endNs - lateness[row]!);
  }
  return lateness;
}

/** The ends of the latest requests of a lane, one for each of its places. */
interface Lane {
  /** As they were: the least is when a place became free. */
  readonly freeNs: Largest;
  /** As they would have been without the generator's lateness. */
  readonly inTimeNs: Largest;
}

interface Largest {
  readonly least: number;
  add(value: number): void;
}

/** Keeps the `count` largest of the values added, −∞ in the place of those that are not there yet: a binary heap. */
function createLargest(count: number): Largest {
  const heap = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
  return {
    get least() {
      return heap[0]!;
    },
    add(value) {
      if (value <= heap[0]!) return;
      let at = 0;
      for (let child = 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && heap[child + 1]! < heap[child]!) child += 1;
        if (heap[child]! >= value) break;
        heap[at] = heap[child]!;
        at = child;
      }
      heap[at] = value;
    },
  };
}

/** Which vehicle a row is of; 0 in a run without vehicles. */
export function fleetIndex(vehicle: number | undefined): number {
  return vehicle === undefined || Number.isNaN(vehicle) ? 0 : vehicle;
}
