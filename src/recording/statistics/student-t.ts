import { incompleteBeta } from "./incomplete-beta.ts";

/** The bracket is halved until its ends are as good as equal. */
const PRECISION = 1e-14;

/**
 * The quantile of Student's t: the value that a variable of so many degrees of freedom stays below with this probability.
 *
 * @param probability - in (0, 1).
 * @param degrees - of freedom, above 0; not necessarily whole.
 * @throws {RangeError} for anything else.
 */
export function studentQuantile(probability: number, degrees: number): number {
  if (!(probability > 0 && probability < 1 && degrees > 0)) {
    throw new RangeError(`no quantile of Student's t: probability ${probability}, degrees ${degrees}`);
  }
  // The upper tail is what is small: by it, quantiles near 1 are as exact as those near 0.
  if (probability > 0.5) return -lowerQuantile(1 - probability, degrees);
  return probability === 0.5 ? 0 : lowerQuantile(probability, degrees);
}

/**
 * The two-sided p-value of a t statistic: the probability that a variable of so many degrees of freedom is at least as far from 0.
 *
 * @param t - may be infinite (a mean without any spread): 0.
 */
export function studentTwoSided(t: number, degrees: number): number {
  if (Number.isNaN(t)) return 1;
  if (!Number.isFinite(t)) return 0;
  return incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5);
}

/** @param tail - in (0, 0.5). @returns a negative number. */
function lowerQuantile(tail: number, degrees: number): number {
  const tailAt = (t: number): number => studentTwoSided(t, degrees) / 2;
  let high = 1;
  while (tailAt(high) > tail) high *= 2;
  let low = 0;
  while (high - low > PRECISION * high) {
    const middle = (low + high) / 2;
    if (tailAt(middle) > tail) low = middle;
    else high = middle;
  }
  return -(low + high) / 2;
}
