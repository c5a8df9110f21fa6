import { createRandom } from "../../core/random.ts";

/** A stream of random weights: the same seed gives the same bits on every machine. */
export interface SeededWeights {
  /** Normal numbers of mean 0 and the given deviation. */
  normal(count: number, deviation: number): Float32Array;
}

/**
 * Makes a stream of weights. Each number is the sum of four, standardised
 * (Irwin–Hall): additions and multiplications only, because `Math.log` and `Math.cos` may differ in the last bit
 * between engines.
 *
 * @param seed - a whole number; its low 32 bits count.
 */
export function createSeededWeights(seed: number): SeededWeights {
  const { fraction } = createRandom(seed);
  // The sum of four uniform numbers has mean 2 and variance 4 / 12.
  const standard = Math.sqrt(3);
  return {
    normal(count, deviation) {
      const values = new Float32Array(count);
      for (let index = 0; index < count; index += 1) {
        values[index] = (fraction() + fraction() + fraction() + fraction() - 2) * standard * deviation;
      }
      return values;
    },
  };
}
