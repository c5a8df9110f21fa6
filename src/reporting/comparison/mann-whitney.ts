import { NORMAL_95, normalBothTails } from "../../recording/statistics/normal.ts";

/** Up to so many values of both sides together the distribution is counted out, ties included. */
const EXACT_UP_TO = 60;
/** What a 95 % interval leaves out at each end. */
const TAIL = 0.025;

export interface RankSumTest {
  /** Pairs (base, head) in which the head's value is the larger one; ties count half. */
  readonly u: number;
  /** Two-sided: twice the smaller tail, at most 1. */
  readonly pValue: number;
}

/**
 * The Mann–Whitney U test of two independent samples. Exact given the ties (every way to choose which of the pooled ranks are
 * the head's is counted) up to 60 values, then the normal approximation with correction for ties and continuity.
 *
 * @param base - at least one; infinite values are the largest.
 * @param head - at least one.
 * @see https://doi.org/10.1214/aoms/1177730491
 */
export function mannWhitney(base: readonly number[], head: readonly number[]): RankSumTest {
  const { doubled, tieTerm } = midranks([...base, ...head]);
  const n = head.length;
  const total = doubled.length;
  const sum = doubled.slice(base.length).reduce((a, b) => a + b, 0);
  const u = sum / 2 - (n * (n + 1)) / 2;
  if (total <= EXACT_UP_TO) return { u, pValue: exactTwoSided(doubled, n, sum) };
  const mean = (base.length * n) / 2;
  const variance = ((base.length * n) / 12) * (total + 1 - tieTerm / (total * (total - 1)));
  if (variance <= 0) return { u, pValue: 1 };
  const z = Math.max(0, Math.abs(u - mean) - 0.5) / Math.sqrt(variance);
  return { u, pValue: Math.min(1, normalBothTails(z)) };
}

/** The smallest two-sided p-value that samples of these sizes can give: both extremes of all (n₁ + n₂ over n₁) choices. */
export function smallestRankSumP(baseCount: number, headCount: number): number {
  let choices = 1;
  for (let i = 1; i <= headCount; i += 1) choices = (choices * (baseCount + i)) / i;
  return Math.min(1, 2 / choices);
}

/** The fewest values a side with which both sides' smallest p-value is at most `p`. @param p - above 0. */
export function fewestPerSide(p: number): number {
  let count = 1;
  while (smallestRankSumP(count, count) > p) count += 1;
  return count;
}

/**
 * The number of pairs that a 95 % distribution-free interval leaves out at each end of the sorted pairwise differences.
 * @returns the rank (from 1) of the interval's lower end; 0: no interval of this confidence exists.
 */
export function intervalRank(baseCount: number, headCount: number): number {
  const total = baseCount + headCount;
  if (total > EXACT_UP_TO) {
    const spread = Math.sqrt((baseCount * headCount * (total + 1)) / 12);
    return Math.max(0, Math.floor((baseCount * headCount) / 2 - NORMAL_95 * spread));
  }
  const ranks = Array.from({ length: total }, (_, i) => 2 * (i + 1));
  const counts = rankSumCounts(ranks, headCount);
  const all = counts.reduce((a, b) => a + b, 0);
  // U of k is a doubled rank sum of n(n + 1) + 2k.
  const least = headCount * (headCount + 1);
  let below = 0;
  for (let k = 0; ; k += 1) {
    below += counts[least + 2 * k] ?? 0;
    if (below / all > TAIL) return k;
  }
}

function exactTwoSided(doubled: readonly number[], choose: number, sum: number): number {
  const counts = rankSumCounts(doubled, choose);
  let lower = 0;
  let upper = 0;
  let all = 0;
  for (const [at, count] of counts.entries()) {
    all += count;
    if (at <= sum) lower += count;
    if (at >= sum) upper += count;
  }
  return Math.min(1, (2 * Math.min(lower, upper)) / all);
}

/** In how many ways `choose` of the ranks add up to each sum. */
function rankSumCounts(ranks: readonly number[], choose: number): Float64Array {
  const highest = ranks.reduce((a, b) => a + b, 0);
  const ways = Array.from({ length: choose + 1 }, () => new Float64Array(highest + 1));
  ways[0]?.fill(1, 0, 1);
  let reach = 0;
  for (const [index, rank] of ranks.entries()) {
    reach += rank;
    for (let taken = Math.min(choose, index + 1); taken >= 1; taken -= 1) {
      const from = ways[taken - 1];
      const to = ways[taken];
      if (from === undefined || to === undefined) continue;
      for (let sum = reach; sum >= rank; sum -= 1) to[sum] = (to[sum] ?? 0) + (from[sum - rank] ?? 0);
    }
  }
  return ways[choose] ?? new Float64Array();
}

/** Ranks from 1, times two so that the mean rank of ties is a whole number; and Σ(t³ − t) over the groups of ties. */
function midranks(values: readonly number[]): {
  readonly doubled: readonly number[];
  readonly tieTerm: number;
} {
  const order = [...values.entries()].sort(([, a], [, b]) => compareNumbers(a, b));
  const doubled = new Array<number>(values.length).fill(0);
  let tieTerm = 0;
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && order[to]?.[1] === order[from]?.[1]) to += 1;
    const ties = to - from;
    for (const [index] of order.slice(from, to)) doubled[index] = from + 1 + to;
    tieTerm += ties ** 3 - ties;
    from = to;
  }
  return { doubled, tieTerm };
}

/** A difference would be NaN for two infinite values. */
function compareNumbers(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
