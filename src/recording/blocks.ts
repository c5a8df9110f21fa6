/**
 * A run in time order, cut into blocks of as many values each: what the effective number and the trend need, in about a
 * kilobyte of plain data. Equal lengths, in intended order.
 */
export interface Blocks {
  readonly counts: readonly number[];
  /** Nanoseconds. */
  readonly sumsNs: readonly number[];
  readonly mediansNs: readonly number[];
  /** Mean intended time of the block, nanoseconds from the window's start. */
  readonly timesNs: readonly number[];
  /** Sum of the squared distances of all values from their mean, square nanoseconds. */
  readonly squaresNs2: number;
}

/** Of a long run. 32 batches tell a variance to ± 25 %; more of them would be too short to be independent. */
const MOST_BLOCKS = 32;
/** Shorter blocks have no stable median. */
const LEAST_VALUES = 10;
/** With fewer blocks nothing is said about time. */
export const FEWEST_BLOCKS = 10;

/**
 * Cuts a run into 32 blocks, fewer where they would have fewer than 10 values each.
 *
 * @param values - in intended order, nanoseconds; what is not a finite number is passed over.
 * @param intendedNs - of the same rows.
 * @returns absent for fewer than 100 values (10 blocks of 10).
 * @see Schmeiser, B.: Batch Size Effects in the Analysis of Simulation Output, Operations Research 30 (1982): 10 to 30
 *   batches are enough, however long the run is.
 */
export function blocksOf(
  values: Float64Array,
  intendedNs: Float64Array,
  windowStartNs: number,
): Blocks | undefined {
  const rows = new Uint32Array(values.length);
  let finite = 0;
  for (let row = 0; row < values.length; row += 1) {
    if (!Number.isFinite(values[row])) continue;
    rows[finite] = row;
    finite += 1;
  }
  const used = rows.subarray(0, finite);
  const mean = used.reduce((sum, row) => sum + values[row]!, 0) / finite;
  const squaresNs2 = used.reduce((sum, row) => sum + (values[row]! - mean) ** 2, 0);
  const count = Math.min(MOST_BLOCKS, Math.floor(finite / LEAST_VALUES));
  if (count < FEWEST_BLOCKS) return undefined;
  const counts: number[] = [];
  const sumsNs: number[] = [];
  const mediansNs: number[] = [];
  const timesNs: number[] = [];
  for (let block = 0; block < count; block += 1) {
    const part = used.subarray(
      Math.floor((block * finite) / count),
      Math.floor(((block + 1) * finite) / count),
    );
    const sorted = Float64Array.from(part, (row) => values[row]!).sort();
    counts.push(part.length);
    sumsNs.push(Math.round(sorted.reduce((sum, value) => sum + value, 0)));
    mediansNs.push(Math.round(middleOf(sorted)));
    const times = part.reduce((sum, row) => sum + (intendedNs[row]! - windowStartNs), 0);
    timesNs.push(Math.round(times / part.length));
  }
  return { counts, sumsNs, mediansNs, timesNs, squaresNs2 };
}

/** The median: between the two in the middle of an even number. @param sorted - at least one, ascending. */
export function middleOf(sorted: ArrayLike<number>): number {
  const { length } = sorted;
  const half = length >> 1;
  return length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
