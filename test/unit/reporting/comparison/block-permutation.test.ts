import { describe, expect, it } from "vitest";
import { createRandom } from "../../../../src/core/random.ts";
import { type Block, permuteBlocks } from "../../../../src/reporting/comparison/block-permutation.ts";

const block = (base: [number, number], head: [number, number]): Block => ({ base, head });

describe("permuteBlocks", () => {
  it("tries six labellings a block", () => {
    // One block: 1, 2 | 3, 4 is the furthest of six, on both sides.
    expect(permuteBlocks([block([1, 2], [3, 4])])).toEqual({ pValue: 2 / 6, labellings: 6, exact: true });
    expect(permuteBlocks([block([1, 4], [2, 3])]).pValue).toBe(1);
    const separated = Array.from({ length: 5 }, () => block([1, 2], [3, 4]));
    expect(permuteBlocks(separated)).toEqual({ pValue: 2 / 6 ** 5, labellings: 6 ** 5, exact: true });
  });

  it("gives the p-value of every labelling counted out", () => {
    const random = createRandom(5);
    for (let trial = 0; trial < 50; trial += 1) {
      const blocks = Array.from({ length: 3 }, () =>
        block([random.fraction(), random.fraction()], [random.fraction() + 0.2, random.fraction() + 0.2]),
      );
      expect(permuteBlocks(blocks).pValue).toBeCloseTo(byEnumeration(blocks), 12);
    }
  });

  it("draws labellings when there are too many, close to the exact share", () => {
    const random = createRandom(6);
    const draw = (shift: number): [number, number] => [random.fraction() + shift, random.fraction() + shift];
    // The last seven blocks say nothing, so the exact share is that of the first eight.
    const first = Array.from({ length: 8 }, () => block(draw(0), draw(0.1)));
    const blocks = [...first, ...Array.from({ length: 7 }, () => block([1, 1], [1, 1]))];
    const drawn = permuteBlocks(blocks);
    expect(drawn).toMatchObject({ exact: false, labellings: 100_000 });
    expect(drawn.pValue).toBeCloseTo(byConvolution(first), 2);
    expect(permuteBlocks(blocks)).toEqual(drawn);
    expect(permuteBlocks(first)).toEqual({ pValue: byConvolution(first), labellings: 6 ** 8, exact: true });
  });

  it("is 1 for sides that are the same", () => {
    expect(permuteBlocks([block([1, 1], [1, 1]), block([2, 2], [2, 2])]).pValue).toBe(1);
  });

  it("alarms in about 5 of 100 cases at 0.05 when nothing differs", () => {
    const random = createRandom(8);
    const draw = (): [number, number] => [random.fraction(), random.fraction()];
    let alarms = 0;
    for (let trial = 0; trial < 1_000; trial += 1) {
      const blocks = Array.from({ length: 4 }, () => block(draw(), draw()));
      if (permuteBlocks(blocks).pValue <= 0.05) alarms += 1;
    }
    expect(alarms).toBeGreaterThan(30);
    expect(alarms).toBeLessThan(65);
  });
});

/** By choosing two of four positions, independent of the code under test. */
function differences({ base, head }: Block): readonly number[] {
  const runs = [...base, ...head];
  const sums: number[] = [];
  for (let i = 0; i < 4; i += 1) {
    for (let j = i + 1; j < 4; j += 1) {
      sums.push(runs.reduce((sum, value, at) => sum + (at === i || at === j ? value : -value), 0));
    }
  }
  return sums;
}

function observedOf(blocks: readonly Block[]): number {
  return Math.abs(blocks.reduce((sum, { base, head }) => sum + head[0] + head[1] - base[0] - base[1], 0));
}

function byEnumeration(blocks: readonly Block[]): number {
  let sums = [0];
  for (const one of blocks) sums = sums.flatMap((sum) => differences(one).map((value) => sum + value));
  const observed = observedOf(blocks);
  return sums.filter((sum) => Math.abs(sum) >= observed - 1e-9).length / sums.length;
}

/** All 6^8 labellings by two halves of 6^4. */
function byConvolution(blocks: readonly Block[]): number {
  const half = (some: readonly Block[]): number[] => {
    let sums = [0];
    for (const one of some) sums = sums.flatMap((sum) => differences(one).map((value) => sum + value));
    return sums;
  };
  const left = half(blocks.slice(0, 4));
  const right = half(blocks.slice(4));
  const observed = observedOf(blocks) - 1e-9;
  let far = 0;
  for (const a of left) for (const b of right) if (Math.abs(a + b) >= observed) far += 1;
  return far / (left.length * right.length);
}
