/** What a test says about one row's series; everything on the natural-log scale. */
export interface RowTest {
  /** Runs that it used. */
  readonly baseRuns: number;
  readonly headRuns: number;
  readonly baseMeanLog: number;
  readonly headMeanLog: number;
  readonly shift: number;
  /** Ends of the 95 % interval; absent where there is none. */
  readonly low?: number | undefined;
  readonly high?: number | undefined;
  readonly pValue: number;
  readonly permutationP?: number | undefined;
  /** Of the shift, with its degrees of freedom; absent where nothing tells it. */
  readonly standardError?: number | undefined;
  readonly degrees: number;
  /** Standard deviation of a single run of the same side; absent where nothing tells it. */
  readonly withinStddev?: number | undefined;
  /** The smallest p-value that so many runs can give. */
  readonly smallestP: number;
}

/** The arithmetic mean. @param values - at least one. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
