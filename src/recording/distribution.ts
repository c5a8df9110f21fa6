import { createHistogram, decodeHistogram, type Histogram } from "./histogram.ts";

/**
 * A distribution of durations, made once and merged as often as wanted. Plain data. Count, mean, deviation and the
 * extremes are exact; ranks come from the histograms.
 */
export interface Distribution {
  /** Values that are numbers. */
  readonly count: number;
  /** Requests that never got an answer: larger than every number. */
  readonly infinite: number;
  /** Sum of the values, nanoseconds. */
  readonly sumNs: number;
  /** Sum of the squared distances from the mean, square nanoseconds. */
  readonly squaresNs2: number;
  /** 0 when there is no value. */
  readonly minNs: number;
  readonly maxNs: number;
  /** HdrHistogram V2, compressed, base64; absent when there is no value of its sign. */
  readonly histogram?: string | undefined;
  /** The magnitudes of negative values: what a stage's sum leaves unaccounted may be below zero. */
  readonly negative?: string | undefined;
}

/** @param values - nanoseconds; NaN is passed over, `Infinity` counts as never answered. */
export function distributionOf(values: Float64Array): Distribution {
  const positive = createHistogram();
  const negative = createHistogram();
  let count = 0;
  let infinite = 0;
  let sumNs = 0;
  let minNs = Number.POSITIVE_INFINITY;
  let maxNs = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    if (value === Number.POSITIVE_INFINITY) {
      infinite += 1;
      continue;
    }
    count += 1;
    sumNs += value;
    if (value < minNs) minNs = value;
    if (value > maxNs) maxNs = value;
    if (value < 0) negative.record(-value);
    else positive.record(value);
  }
  if (count === 0) return { count, infinite, sumNs: 0, squaresNs2: 0, minNs: 0, maxNs: 0 };
  const mean = sumNs / count;
  let squaresNs2 = 0;
  for (const value of values) if (Number.isFinite(value)) squaresNs2 += (value - mean) ** 2;
  return { count, infinite, sumNs, squaresNs2, minNs, maxNs, ...encoded(positive, negative) };
}

/** All values of all parts in one. @see https://doi.org/10.1007/978-3-642-51461-6_3 (Chan, Golub, LeVeque: variances) */
export function mergeDistributions(parts: readonly Distribution[]): Distribution {
  if (parts.length === 1) return parts[0]!;
  const filled = parts.filter(({ count }) => count > 0);
  const infinite = parts.reduce((sum, part) => sum + part.infinite, 0);
  const count = filled.reduce((sum, part) => sum + part.count, 0);
  if (count === 0) return { count, infinite, sumNs: 0, squaresNs2: 0, minNs: 0, maxNs: 0 };
  const sumNs = filled.reduce((sum, part) => sum + part.sumNs, 0);
  const mean = sumNs / count;
  return {
    count,
    infinite,
    sumNs,
    squaresNs2: filled.reduce(
      (sum, part) => sum + part.squaresNs2 + part.count * (part.sumNs / part.count - mean) ** 2,
      0,
    ),
    minNs: Math.min(...filled.map((part) => part.minNs)),
    maxNs: Math.max(...filled.map((part) => part.maxNs)),
    ...encoded(addAll(filled.map((part) => part.histogram)), addAll(filled.map((part) => part.negative))),
  };
}

/** A percentile of a distribution: a number, or in the mass that never got an answer, or of nothing. */
export type Quantile = { readonly ns: number } | "infinite" | "empty";

/** Reads ranks of one distribution; decodes its histograms once. */
export function quantiles(distribution: Distribution): (perMille: number) => Quantile {
  const { count, infinite, minNs, maxNs } = distribution;
  const positive = distribution.histogram === undefined ? undefined : decodeHistogram(distribution.histogram);
  const negative = distribution.negative === undefined ? undefined : decodeHistogram(distribution.negative);
  const below = negative?.count ?? 0;
  return (perMille) => {
    const total = count + infinite;
    if (total === 0) return "empty";
    // Nearest rank; whole numbers, since 0.999 · 1,000 is not 999 in floating point.
    const rank = Math.max(1, Math.ceil((perMille * total) / 1000));
    if (rank > count) return "infinite";
    const ns = rank <= below ? -negative!.atRank(below - rank + 1) : positive!.atRank(rank - below);
    return { ns: Math.min(Math.max(ns, minNs), maxNs) };
  };
}

function encoded(positive: Histogram, negative: Histogram): Pick<Distribution, "histogram" | "negative"> {
  return {
    ...(positive.count > 0 ? { histogram: positive.encode() } : {}),
    ...(negative.count > 0 ? { negative: negative.encode() } : {}),
  };
}

function addAll(texts: readonly (string | undefined)[]): Histogram {
  const sum = createHistogram();
  for (const text of texts) if (text !== undefined) sum.add(decodeHistogram(text));
  return sum;
}
