import type { RunRecord } from "./run-record.ts";

/**
 * The times of the queries of a multi-stream run: each is its slowest sample's. Samples of one query have one intended time and
 * follow each other.
 *
 * @param response - per row, nanoseconds; infinite for what failed, NaN for what is not counted.
 * @returns per query; one with a sample that is not counted is left out.
 */
export function queryTimes(
  { columns, rows }: Pick<RunRecord, "columns" | "rows">,
  response: Float64Array,
): Float64Array {
  const { intendedNs } = columns;
  const times: number[] = [];
  for (let row = 0; row < rows; row += 1) {
    const value = response[row]!;
    if (row > 0 && intendedNs[row] === intendedNs[row - 1]) {
      // Math.max is NaN when one of the two is.
      times.push(Math.max(times.pop()!, value));
    } else {
      times.push(value);
    }
  }
  return Float64Array.from(times).filter((time) => !Number.isNaN(time));
}
