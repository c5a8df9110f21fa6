/** 2^7: a number has a tie in its seventh decimal only if it is an odd multiple of 1/128. */
const TIE_UNIT = 128;

/**
 * A number as C's `%f` prints it: six decimals, rounded to the nearest, a tie to the even digit (JavaScript rounds it up),
 * `inf` and `nan` in words.
 */
export function fixedSix(value: number): string {
  if (Number.isNaN(value)) return "nan";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const magnitude = Math.abs(value);
  if (magnitude === Number.POSITIVE_INFINITY) return `${sign}inf`;
  // From there on toFixed writes exponents, and every double is whole.
  if (magnitude >= 1e21) return `${sign}${BigInt(magnitude)}.000000`;
  const units = magnitude * TIE_UNIT;
  if (!Number.isSafeInteger(units) || units % 2 === 0) return sign + magnitude.toFixed(6);
  // Twice the millionths, odd: 2 · 10^6 / 128 = 15625.
  const twice = BigInt(units) * 15_625n;
  const low = twice / 2n;
  const millionths = low % 2n === 0n ? low : low + 1n;
  const digits = millionths.toString().padStart(7, "0");
  return `${sign}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}
