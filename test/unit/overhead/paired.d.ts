/** The types of test/overhead/paired.mjs, which is a script and not compiled. */
declare module "*/overhead/paired.mjs" {
  export interface Estimate {
    readonly estimate: number;
    readonly low: number;
    readonly high: number;
  }
  export function pairedRatio(a: readonly number[], b: readonly number[]): Estimate;
  export function pairedDifference(a: readonly number[], b: readonly number[]): Estimate;
  export function median(values: ArrayLike<number>): number;
  export function studentQuantile(probability: number, degrees: number): number;
}
