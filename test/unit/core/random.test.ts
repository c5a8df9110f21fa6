import fc from "fast-check";
import { expect, test } from "vitest";
import { createRandom } from "../../../src/core/random.ts";

const MASK = 0xffff_ffffn;

/** sfc32 and SplitMix32 written again in arithmetic that cannot overflow. */
function reference(seed: number): () => bigint {
  let state = BigInt(seed) & MASK;
  const split = (): bigint => {
    state = (state + 0x9e3779b9n) & MASK;
    let mixed = state ^ (state >> 16n);
    mixed = (mixed * 0x21f0aaadn) & MASK;
    mixed ^= mixed >> 15n;
    mixed = (mixed * 0x735a2d97n) & MASK;
    return mixed ^ (mixed >> 15n);
  };
  let [a, b, c, counter] = [split(), split(), split(), 1n];
  const step = (): bigint => {
    const result = (a + b + counter) & MASK;
    counter = (counter + 1n) & MASK;
    a = b ^ (b >> 9n);
    b = (c + (c << 3n)) & MASK;
    c = (((c << 21n) | (c >> 11n)) + result) & MASK;
    return result;
  };
  for (let round = 0; round < 12; round += 1) step();
  return step;
}

test("is sfc32", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (seed) => {
      const random = createRandom(seed);
      const step = reference(seed);
      for (let index = 0; index < 20; index += 1) {
        const expected = Number((step() << 21n) + (step() >> 11n)) / 2 ** 53;
        expect(random.fraction()).toBe(expected);
      }
    }),
  );
});

test("numbers are uniform in [0, 1)", () => {
  const random = createRandom(42);
  const bins = new Uint32Array(16);
  for (let index = 0; index < 16_000; index += 1) {
    const value = random.fraction();
    expect(value >= 0 && value < 1).toBe(true);
    bins[Math.floor(value * 16)]! += 1;
  }
  const chiSquare = bins.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
  expect(chiSquare).toBeLessThan(37.7);
});

test("seeds next to each other, and seeds beyond 32 bits, give unlike sequences", () => {
  const firsts = [0, 1, 2, 2 ** 32, 2 ** 32 + 1, 2 ** 52, -1].map((seed) => createRandom(seed).fraction());
  expect(new Set(firsts).size).toBe(firsts.length);
});
