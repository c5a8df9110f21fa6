/**
 * The middle value; the mean of both for an even count.
 * @param values - at least one, in any order; unchanged.
 * @throws {RangeError} for none.
 */
export function median(values: ArrayLike<number>): number {
  if (values.length === 0) throw new RangeError("the median of nothing");
  const sorted = Float64Array.from(values).sort();
  const lower = sorted[(sorted.length - 1) >> 1] ?? Number.NaN;
  const upper = sorted[sorted.length >> 1] ?? Number.NaN;
  return (lower + upper) / 2;
}
