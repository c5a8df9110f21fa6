import { createRandom, type Random } from "../../../src/core/random.ts";
import { type Blocks, blocksOf } from "../../../src/recording/blocks.ts";

/** Standard normal numbers (Box and Muller). */
export function gaussian(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.fraction())) * Math.cos(2 * Math.PI * random.fraction());
}

export interface SeriesOptions {
  readonly seed: number;
  readonly count: number;
}

/** Values about 10 ms with a deviation of 3 ms, each alike its neighbour by the share `phi`; nanoseconds. */
export function autoregressive({ seed, count }: SeriesOptions, phi: number): Float64Array {
  const random = createRandom(seed);
  let state = gaussian(random);
  return Float64Array.from({ length: count }, () => {
    state = phi * state + Math.sqrt(1 - phi * phi) * gaussian(random);
    return Math.max(1, 10e6 + 3e6 * state);
  });
}

/** Response times of one queue with a service time of 1 ms and Poisson arrivals, in the steady state; nanoseconds. */
export function queueMD1({ seed, count }: SeriesOptions, load: number): Float64Array {
  const random = createRandom(seed);
  const values = new Float64Array(count);
  let waitMs = 0;
  for (let request = -5000; request < count; request += 1) {
    if (request >= 0) values[request] = (waitMs + 1) * 1e6;
    waitMs = Math.max(0, waitMs + 1 + Math.log(1 - random.fraction()) / load);
  }
  return values;
}

/** Blocks of values that were intended a millisecond after each other. */
export function inBlocks(values: Float64Array): Blocks {
  const times = Float64Array.from(values, (_, row) => row * 1e6);
  const blocks = blocksOf(values, times, 0);
  if (blocks === undefined) throw new Error("too few values");
  return blocks;
}
