import { studentQuantile, studentTwoSided } from "./student-t.ts";

/** An estimate with the ends of its 95 % confidence interval. */
export interface Estimate {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/** The mean of differences, tested against 0 by Student's t. */
export interface MeanTest extends Estimate {
  /** Values. */
  readonly count: number;
  /** Of the values: n − 1. */
  readonly stddev: number;
  /** Two-sided. 0 where values that are no zeros do not differ at all, 1 where all are 0. */
  readonly pValue: number;
}

export const CONFIDENCE = 0.95;

/**
 * The ratio `b / a` of paired measurements: exp of the mean log-ratio, with a paired t interval on the log scale.
 *
 * @param a - positive; the base.
 * @param b - positive; as many.
 * @throws {RangeError} for fewer than two pairs, or values that are not positive.
 */
export function pairedRatio(a: readonly number[], b: readonly number[]): Estimate {
  const { estimate, low, high } = meanTest(logRatios(a, b));
  return { estimate: Math.exp(estimate), low: Math.exp(low), high: Math.exp(high) };
}

/**
 * The mean difference `b − a` of paired measurements, in their unit, with a paired t interval.
 * @throws {RangeError} for fewer than two pairs, or unequal numbers of values.
 */
export function pairedDifference(a: readonly number[], b: readonly number[]): Estimate {
  const { estimate, low, high } = meanTest(pairsOf(a, b, (x, y) => y - x));
  return { estimate, low, high };
}

/**
 * The natural logarithm of `b / a` for each pair.
 * @throws {RangeError} for values that are not positive, or unequal numbers of them.
 */
export function logRatios(a: readonly number[], b: readonly number[]): readonly number[] {
  if (![...a, ...b].every((value) => value > 0 && Number.isFinite(value))) {
    throw new RangeError("ratios need positive finite values");
  }
  return pairsOf(a, b, (x, y) => Math.log(y / x));
}

/**
 * Mean, 95 % t interval and two-sided t test against 0.
 * @throws {RangeError} for fewer than two values.
 */
export function meanTest(values: readonly number[]): MeanTest {
  const count = values.length;
  if (count < 2) throw new RangeError(`an interval needs two pairs or more, got ${count}`);
  const estimate = values.reduce((sum, value) => sum + value, 0) / count;
  const stddev = Math.sqrt(values.reduce((sum, value) => sum + (value - estimate) ** 2, 0) / (count - 1));
  const standardError = stddev / Math.sqrt(count);
  const half = studentQuantile((1 + CONFIDENCE) / 2, count - 1) * standardError;
  const pValue = estimate === 0 ? 1 : studentTwoSided(estimate / standardError, count - 1);
  return { estimate, low: estimate - half, high: estimate + half, count, stddev, pValue };
}

function pairsOf(
  a: readonly number[],
  b: readonly number[],
  combine: (x: number, y: number) => number,
): readonly number[] {
  if (a.length !== b.length) throw new RangeError(`${a.length} values cannot be paired with ${b.length}`);
  return a.map((x, i) => combine(x, b[i] ?? Number.NaN));
}
