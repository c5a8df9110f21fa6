import { middleOf } from "./blocks.ts";
import type { RunRecord } from "./run-record.ts";

/** Times without any answer although one was due. They are named and stay in every figure. */
export interface Stalls {
  readonly count: number;
  readonly longestNs: number;
  /** When the longest one began, nanoseconds from the window's start. */
  readonly longestAtNs: number;
}

/** A pause is a stall when it is longer than this, nanoseconds, and than this many median service times. */
const LEAST_NS = 100e6;
const TIMES_MEDIAN = 10;

/**
 * The pauses between one answer and the next in which the next one's request was out all the time.
 *
 * @returns absent where there is none.
 */
export function stallsOf({ columns, rows, windowStartNs }: RunRecord): Stalls | undefined {
  const { status, startNs, doneNs } = columns;
  const answered = new Uint32Array(rows);
  let count = 0;
  for (let row = 0; row < rows; row += 1) {
    if (status[row] !== 0) continue;
    answered[count] = row;
    count += 1;
  }
  if (count < 2) return undefined;
  const order = answered.subarray(0, count).sort((a, b) => doneNs[a]! - doneNs[b]!);
  const service = Float64Array.from(order, (row) => doneNs[row]! - startNs[row]!).sort();
  const leastNs = Math.max(LEAST_NS, TIMES_MEDIAN * middleOf(service));
  let stalls = 0;
  let longestNs = 0;
  let longestAtNs = 0;
  let lastNs = Number.NEGATIVE_INFINITY;
  for (const row of order) {
    const fromNs = Math.max(lastNs, startNs[row]!);
    const pauseNs = doneNs[row]! - fromNs;
    lastNs = doneNs[row]!;
    if (pauseNs < leastNs) continue;
    stalls += 1;
    if (pauseNs <= longestNs) continue;
    longestNs = pauseNs;
    longestAtNs = fromNs - windowStartNs;
  }
  return stalls > 0 ? { count: stalls, longestNs, longestAtNs } : undefined;
}
