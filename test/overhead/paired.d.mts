/** The types of paired.mjs, for tests. */
export interface Estimate {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}
export function pairedRatio(a: readonly number[], b: readonly number[]): Estimate;
export function pairedDifference(a: readonly number[], b: readonly number[]): Estimate;
export function median(values: ArrayLike<number>): number;
export function studentQuantile(probability: number, degrees: number): number;
