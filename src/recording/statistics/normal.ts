/**
 * The probability that a standard normal variable is further from 0 than `z`, either side; to 7 digits.
 * @see Press et al.: Numerical Recipes (3rd ed.), section 6.2.2 (erfc by a Chebyshev fit)
 */
export function normalBothTails(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 2 / (2 + x);
  const series = COEFFICIENTS.reduceRight((sum, coefficient) => sum * t + coefficient, 0);
  return Math.min(1, t * Math.exp(-x * x + series));
}

const COEFFICIENTS = [
  -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587,
  -0.82215223, 0.17087277,
] as const;

/** A standard normal variable is further from 0 than this with a probability of 5 %. */
export const NORMAL_95 = 1.959963984540054;

/**
 * The same for Student's t, by its expansion in the degrees of freedom: to 4 digits from 5 degrees on.
 * @see Abramowitz, M., Stegun, I. A.: Handbook of Mathematical Functions, 26.7.5
 */
export function studentT95(degrees: number): number {
  const z = NORMAL_95;
  const z3 = z ** 3;
  const z5 = z ** 5;
  const z7 = z ** 7;
  const z9 = z ** 9;
  const first = (z3 + z) / 4;
  const second = (5 * z5 + 16 * z3 + 3 * z) / 96;
  const third = (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / 384;
  const fourth = (79 * z9 + 776 * z7 + 1482 * z5 - 1920 * z3 - 945 * z) / 92160;
  return z + (first + (second + (third + fourth / degrees) / degrees) / degrees) / degrees;
}
