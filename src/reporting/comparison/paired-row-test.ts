import { meanTest } from "../../recording/statistics/paired.ts";
import { type Block, permuteBlocks } from "./block-permutation.ts";
import { meanOf, type RowTest } from "./row-test.ts";
import type { Series } from "./series.ts";

/**
 * The paired t test on log-ratios. The series' runs at the same index are a pair, two pairs in a row a block A B B A; a pair of
 * which one run has no value is left out.
 *
 * @returns absent with fewer than two pairs.
 */
export function pairedRowTest({ base, head }: Pick<Series, "base" | "head">): RowTest | undefined {
  const pairs = base.flatMap((a, index) => {
    const b = head[index];
    return a === undefined || b === undefined ? [] : [{ index, a, b }];
  });
  if (pairs.length < 2) return undefined;
  const test = meanTest(pairs.map(({ a, b }) => b - a));
  const blocks = blocksOf(pairs);
  return {
    baseRuns: pairs.length,
    headRuns: pairs.length,
    baseMeanLog: meanOf(pairs.map(({ a }) => a)),
    headMeanLog: meanOf(pairs.map(({ b }) => b)),
    shift: test.estimate,
    low: test.low,
    high: test.high,
    pValue: test.pValue,
    permutationP: blocks.length > 0 ? permuteBlocks(blocks).pValue : undefined,
    standardError: test.stddev / Math.sqrt(test.count),
    degrees: test.count - 1,
    withinStddev: withinStddev(blocks),
    smallestP: 0,
  };
}

interface Pair {
  readonly index: number;
  readonly a: number;
  readonly b: number;
}

/** Whole blocks: the pairs 2i and 2i + 1. */
function blocksOf(pairs: readonly Pair[]): readonly Block[] {
  return pairs.flatMap((first, at) => {
    const second = pairs[at + 1];
    if (first.index % 2 !== 0 || second?.index !== first.index + 1) return [];
    return [{ base: [first.a, second.a] as const, head: [first.b, second.b] as const }];
  });
}

/** From the two runs of the same side in each block: the variance is half the mean square of their difference. */
function withinStddev(blocks: readonly Block[]): number | undefined {
  if (blocks.length === 0) return undefined;
  const squares = blocks.flatMap(({ base, head }) =>
    [base, head].map(([first, second]) => (first - second) ** 2),
  );
  return Math.sqrt(meanOf(squares) / 2);
}
