import { createRandom } from "../../core/random.ts";

/** Beyond so many blocks labellings are drawn, not all counted: two halves of 6^6 sums each are still quick. */
export const EXACT_BLOCKS = 12;
const DRAWS = 100_000;
const SEED = 1;
/** The same labelling summed in another order must not come out larger by rounding. */
const ROUNDING = 1e-9;

/** Two runs of each side, next to each other in time; values on the scale of the test (logarithms). */
export interface Block {
  readonly base: readonly [number, number];
  readonly head: readonly [number, number];
}

export interface PermutationTest {
  /** Two-sided: the share of labellings whose difference is at least as far from 0. */
  readonly pValue: number;
  /** Labellings looked at. */
  readonly labellings: number;
  /** All of them were; else that many were drawn at random. */
  readonly exact: boolean;
}

/**
 * The permutation test within blocks: if the sides did not differ, any two of a block's four runs could have been the head's.
 * All 6^blocks labellings up to twelve blocks, then 100,000 drawn ones with a fixed seed (the observed one counts as one more).
 *
 * @param blocks - at least one.
 */
export function permuteBlocks(blocks: readonly Block[]): PermutationTest {
  const ways = blocks.map(({ base, head }) => labellings([...base, ...head]));
  const observed = Math.abs(ways.reduce((sum, way) => sum + (way[0] ?? 0), 0));
  const limit = observed - ROUNDING * Math.max(1, observed);
  if (blocks.length <= EXACT_BLOCKS) {
    const all = 6 ** blocks.length;
    return { pValue: countFar(ways, limit) / all, labellings: all, exact: true };
  }
  const random = createRandom(SEED);
  let far = 1;
  for (let draw = 0; draw < DRAWS; draw += 1) {
    let sum = 0;
    for (const way of ways) sum += way[Math.floor(random.fraction() * way.length)] ?? 0;
    if (Math.abs(sum) >= limit) far += 1;
  }
  return { pValue: far / (DRAWS + 1), labellings: DRAWS, exact: false };
}

/** How many of all labellings lie at least so far from 0: pairs of the sorted sums of two halves of the blocks. */
function countFar(ways: readonly (readonly number[])[], limit: number): number {
  const half = Math.ceil(ways.length / 2);
  const left = sumsOf(ways.slice(0, half));
  const right = sumsOf(ways.slice(half));
  if (limit <= 0) return left.length * right.length;
  let above = 0;
  let from = right.length;
  for (const sum of left) {
    while (from > 0 && sum + (right[from - 1] ?? 0) >= limit) from -= 1;
    above += right.length - from;
  }
  // Each labelling has its opposite.
  return 2 * above;
}

/** Every sum of one labelling of each block, ascending. */
function sumsOf(ways: readonly (readonly number[])[]): Float64Array {
  let sums = Float64Array.of(0);
  for (const way of ways) {
    const next = new Float64Array(sums.length * way.length);
    let at = 0;
    for (const value of way) {
      for (const sum of sums) {
        next[at] = sum + value;
        at += 1;
      }
    }
    sums = next;
  }
  return sums.sort();
}

/** The six ways to call two of four values the head's: head's sum less base's, the observed one first. @param values - base, base, head, head. */
function labellings(values: readonly number[]): readonly number[] {
  const [a = 0, b = 0, c = 0, d = 0] = values;
  const some = [c + d - a - b, b + d - a - c, b + c - a - d];
  return [...some, ...some.map((value) => -value)];
}
