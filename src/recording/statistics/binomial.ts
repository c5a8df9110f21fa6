/** `trials` independent events, each with probability `chance` (0 < chance < 1). */
export interface Binomial {
  readonly trials: number;
  readonly chance: number;
}

/**
 * The probability of exactly `count` events, to about 14 digits up to 10^9 trials.
 * @see Loader, C.: Fast and Accurate Computation of Binomial Probabilities (2000)
 */
export function binomialChance({ trials, chance }: Binomial, count: number): number {
  if (count < 0 || count > trials) return 0;
  if (count === 0) return Math.exp(trials * Math.log1p(-chance));
  if (count === trials) return Math.exp(trials * Math.log(chance));
  const rest = trials - count;
  const exponent =
    stirlingError(trials) -
    stirlingError(count) -
    stirlingError(rest) -
    deviance(count, trials * chance) -
    deviance(rest, trials * (1 - chance));
  return Math.exp(exponent) * Math.sqrt(trials / (2 * Math.PI * count * rest));
}

/** The probability of at most `count` events. */
export function binomialAtMost(binomial: Binomial, count: number): number {
  const { trials, chance } = binomial;
  if (count < 0) return 0;
  if (count >= trials) return 1;
  const odds = chance / (1 - chance);
  let sum = 0;
  // From the border outwards into the smaller tail, where the terms only fall.
  if (count <= trials * chance) {
    let term = binomialChance(binomial, count);
    for (let at = count; at >= 0 && term > sum * 1e-17; at -= 1) {
      sum += term;
      term *= at / ((trials - at + 1) * odds);
    }
    return sum;
  }
  let term = binomialChance(binomial, count + 1);
  for (let at = count + 1; at <= trials && term > sum * 1e-17; at += 1) {
    sum += term;
    term *= ((trials - at) * odds) / (at + 1);
  }
  return 1 - sum;
}

/** The fewest events such that as many or fewer have at least this probability. @param level - 0 < level < 1. */
export function binomialQuantile(binomial: Binomial, level: number): number {
  const { trials } = binomial;
  let low = -1;
  let high = trials;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (binomialAtMost(binomial, middle) >= level) high = middle;
    else low = middle;
  }
  return high;
}

/** ln(n!) less Stirling's approximation of it. */
function stirlingError(n: number): number {
  if (n < 16) {
    let factorial = 1;
    for (let factor = 2; factor <= n; factor += 1) factorial *= factor;
    return Math.log(factorial) - (n + 0.5) * Math.log(n) + n - 0.5 * Math.log(2 * Math.PI);
  }
  const square = n * n;
  return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square) / square) / square) / n;
}

/** x ln(x / mean) + mean − x, without loss of digits where x is near the mean. */
function deviance(x: number, mean: number): number {
  const difference = x - mean;
  if (Math.abs(difference) >= 0.1 * (x + mean)) return x * Math.log(x / mean) - difference;
  const ratio = difference / (x + mean);
  let sum = difference * ratio;
  let term = 2 * x * ratio;
  for (let power = 3; ; power += 2) {
    term *= ratio * ratio;
    const next = sum + term / power;
    if (next === sum) return sum;
    sum = next;
  }
}
