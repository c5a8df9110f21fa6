/**
 * Holm's step-down adjustment: with adjusted p-values at most α, the probability of even one false alarm in the family is at
 * most α, whatever the dependence. A test that could not be made counts as p = 1.
 *
 * @param pValues - of the whole family, in any order.
 * @returns the adjusted ones, in the same order.
 * @see https://www.jstor.org/stable/4615733 (Holm 1979)
 */
export function holm(pValues: readonly (number | undefined)[]): readonly number[] {
  const order = pValues.map((_, i) => i).sort((a, b) => (pValues[a] ?? 1) - (pValues[b] ?? 1));
  const adjusted = new Array<number>(pValues.length).fill(1);
  let least = 0;
  for (const [step, index] of order.entries()) {
    least = Math.max(least, Math.min(1, (pValues.length - step) * (pValues[index] ?? 1)));
    adjusted[index] = least;
  }
  return adjusted;
}
