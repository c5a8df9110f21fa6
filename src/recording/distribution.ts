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
  let negative: Histogram | undefined;
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
    if (value >= 0) positive.record(value);
    else {
      negative ??= createHistogram();
      negative.record(-value);
    }
  }
  if (count === 0) return { count, infinite, sumNs: 0, squaresNs2: 0, minNs: 0, maxNs: 0 };
  const mean = sumNs / count;
  let squaresNs2 = 0;
  for (const value of values) if (Number.isFinite(value)) squaresNs2 += (value - mean) ** 2;
  return { count, infinite, sumNs, squaresNs2, minNs, maxNs, ...encoded(positive, negative) };
}

/** A stretch of values, all of them equally often. */
export interface ValueSpan {
  readonly fromNs: number;
  readonly toNs: number;
  /** How often each nanosecond of it came. */
  readonly density: number;
}

/**
 * The distribution of a quantity that changes with time rather than with requests, exact but for the histogram's buckets.
 *
 * @param spans - ascending, without overlaps, none negative.
 * @param perCount - so many (nanoseconds × density) make a count of 1.
 */
export function distributionOfSpans(spans: Iterable<ValueSpan>, perCount: number): Distribution {
  const histogram = createHistogram();
  let weight = 0;
  let counted = 0;
  let firstMoment = 0;
  let secondMoment = 0;
  let minNs = Number.POSITIVE_INFINITY;
  let maxNs = 0;
  for (const { fromNs, toNs, density } of spans) {
    minNs = Math.min(minNs, fromNs);
    maxNs = Math.max(maxNs, toNs);
    firstMoment += (density * (toNs ** 2 - fromNs ** 2)) / 2;
    secondMoment += (density * (toNs ** 3 - fromNs ** 3)) / 3;
    for (let atNs = fromNs; atNs < toNs; ) {
      const end = histogram.bucketEnd(atNs);
      const nextNs = Math.min(toNs, Math.max(end, atNs) + 0.5);
      weight += (density * (nextNs - atNs)) / perCount;
      const whole = Math.round(weight) - counted;
      if (whole > 0) histogram.record(atNs, whole);
      counted += whole;
      atNs = nextNs;
    }
  }
  if (counted === 0) return { count: 0, infinite: 0, sumNs: 0, squaresNs2: 0, minNs: 0, maxNs: 0 };
  const mean = firstMoment / (weight * perCount);
  const variance = Math.max(0, secondMoment / (weight * perCount) - mean ** 2);
  return {
    count: counted,
    infinite: 0,
    sumNs: mean * counted,
    squaresNs2: variance * counted,
    minNs,
    maxNs,
    histogram: histogram.encode(),
  };
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

/** Reads percentiles of one distribution by nearest rank; decodes its histograms once. */
export function quantiles(distribution: Distribution): (perMille: number) => Quantile {
  const total = distribution.count + distribution.infinite;
  const atRank = ranks(distribution);
  return (perMille) => {
    if (total === 0) return "empty";
    // Whole numbers, since 0.999 · 1,000 is not 999 in floating point.
    return atRank(Math.max(1, Math.ceil((perMille * total) / 1000)));
  };
}

/** Reads values of one distribution by their rank, from 1 (smallest); decodes its histograms once. */
export function ranks(distribution: Distribution): (rank: number) => Quantile {
  const { count, minNs, maxNs } = distribution;
  const positive = distribution.histogram === undefined ? undefined : decodeHistogram(distribution.histogram);
  const negative = distribution.negative === undefined ? undefined : decodeHistogram(distribution.negative);
  const below = negative?.count ?? 0;
  return (rank) => {
    if (rank > count) return "infinite";
    const ns = rank <= below ? -negative!.atRank(below - rank + 1) : positive!.atRank(rank - below);
    return { ns: Math.min(Math.max(ns, minNs), maxNs) };
  };
}

function encoded(
  positive: Histogram,
  negative: Histogram | undefined,
): Pick<Distribution, "histogram" | "negative"> {
  return {
    ...(positive.count > 0 ? { histogram: positive.encode() } : {}),
    ...(negative !== undefined && negative.count > 0 ? { negative: negative.encode() } : {}),
  };
}

function addAll(texts: readonly (string | undefined)[]): Histogram {
  const sum = createHistogram();
  for (const text of texts) if (text !== undefined) sum.add(decodeHistogram(text));
  return sum;
}
