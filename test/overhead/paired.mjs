// @ts-check

/**
 * An estimate with the ends of its 95 % confidence interval.
 * @typedef {{ readonly estimate: number, readonly low: number, readonly high: number }} Estimate
 */

const CONFIDENCE = 0.95;

/**
 * The ratio `b / a` of paired measurements: exp of the mean log-ratio, with a paired t interval on the log scale.
 *
 * @param {readonly number[]} a - positive; the base.
 * @param {readonly number[]} b - positive; as many.
 * @returns {Estimate}
 * @throws {RangeError} for fewer than two pairs, or values that are not positive.
 */
export function pairedRatio(a, b) {
  if (![...a, ...b].every((value) => value > 0 && Number.isFinite(value))) {
    throw new RangeError("ratios need positive finite values");
  }
  const { estimate, low, high } = meanOf(pairsOf(a, b, (x, y) => Math.log(y / x)));
  return { estimate: Math.exp(estimate), low: Math.exp(low), high: Math.exp(high) };
}

/**
 * The mean difference `b − a` of paired measurements, in their unit, with a paired t interval.
 *
 * @param {readonly number[]} a
 * @param {readonly number[]} b - as many.
 * @returns {Estimate}
 * @throws {RangeError} for fewer than two pairs.
 */
export function pairedDifference(a, b) {
  return meanOf(pairsOf(a, b, (x, y) => y - x));
}

/**
 * The middle value; the mean of both for an even count.
 * @param {ArrayLike<number>} values - at least one.
 * @returns {number}
 */
export function median(values) {
  if (values.length === 0) throw new RangeError("the median of nothing");
  const sorted = Float64Array.from(values).sort();
  const lower = /** @type {number} */ (sorted[(sorted.length - 1) >> 1]);
  const upper = /** @type {number} */ (sorted[sorted.length >> 1]);
  return (lower + upper) / 2;
}

/**
 * The quantile of Student's t: the value that a variable of so many degrees of freedom stays below with this probability.
 *
 * @param {number} probability - in (0, 1).
 * @param {number} degrees - of freedom, above 0.
 * @returns {number}
 */
export function studentQuantile(probability, degrees) {
  if (!(probability > 0 && probability < 1 && degrees > 0)) {
    throw new RangeError(`no quantile of Student's t: probability ${probability}, degrees ${degrees}`);
  }
  if (probability < 0.5) return -studentQuantile(1 - probability, degrees);
  let high = 1;
  while (studentBelow(high, degrees) < probability) high *= 2;
  let low = 0;
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (studentBelow(middle, degrees) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * @param {readonly number[]} a
 * @param {readonly number[]} b
 * @param {(x: number, y: number) => number} combine
 */
function pairsOf(a, b, combine) {
  if (a.length !== b.length) throw new RangeError(`${a.length} values cannot be paired with ${b.length}`);
  return a.map((x, i) => combine(x, /** @type {number} */ (b[i])));
}

/**
 * @param {readonly number[]} values
 * @returns {Estimate}
 */
function meanOf(values) {
  const count = values.length;
  if (count < 2) throw new RangeError(`an interval needs two pairs or more, got ${count}`);
  const estimate = values.reduce((sum, value) => sum + value, 0) / count;
  const variance = values.reduce((sum, value) => sum + (value - estimate) ** 2, 0) / (count - 1);
  const half = studentQuantile((1 + CONFIDENCE) / 2, count - 1) * Math.sqrt(variance / count);
  return { estimate, low: estimate - half, high: estimate + half };
}

/**
 * The distribution function of Student's t for `t` ≥ 0.
 * @param {number} t
 * @param {number} degrees
 */
function studentBelow(t, degrees) {
  return 1 - incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5) / 2;
}

/**
 * The regularised incomplete beta function by its continued fraction (modified Lentz).
 * @see https://dlmf.nist.gov/8.17#v
 * @param {number} x - in [0, 1].
 * @param {number} a
 * @param {number} b
 * @returns {number}
 */
function incompleteBeta(x, a, b) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast on this side only.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front =
    Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
  const tiny = 1e-300;
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m < 500; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonZero(1 + even * d);
    c = nonZero(1 + even / c);
    fraction *= c * d;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonZero(1 + odd * d);
    c = nonZero(1 + odd / c);
    fraction *= c * d;
    if (Math.abs(c * d - 1) < 1e-15) break;
  }
  return front * fraction;

  /** @param {number} value */
  function nonZero(value) {
    return Math.abs(value) < tiny ? tiny : value;
  }
}

/**
 * The logarithm of the gamma function for `x` > 0: recurrence up to 10, then Stirling's series.
 * @see https://dlmf.nist.gov/5.11#E1
 * @param {number} x
 */
function logGamma(x) {
  let shift = 0;
  let z = x;
  for (; z < 10; z++) shift += Math.log(z);
  const series = 1 / (12 * z) - 1 / (360 * z ** 3) + 1 / (1260 * z ** 5) - 1 / (1680 * z ** 7);
  return (z - 0.5) * Math.log(z) - z + Math.log(2 * Math.PI) / 2 + series - shift;
}
