/** A stream of random weights: the same seed gives the same bits on every machine. */
export interface SeededWeights {
  /** Normal numbers of mean 0 and the given deviation. */
  normal(count: number, deviation: number): Float32Array;
}

/**
 * Makes a stream of weights. Uniform numbers come from splitmix32; each normal one is the sum of four, standardised
 * (Irwin–Hall): additions and multiplications only, because `Math.log` and `Math.cos` may differ in the last bit
 * between engines.
 *
 * @param seed - a whole number; its low 32 bits count.
 */
export function createSeededWeights(seed: number): SeededWeights {
  let state = seed | 0;
  const uniform = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
  // The sum of four uniform numbers has mean 2 and variance 4 / 12.
  const standard = Math.sqrt(3);
  return {
    normal(count, deviation) {
      const values = new Float32Array(count);
      for (let index = 0; index < count; index += 1) {
        values[index] = (uniform() + uniform() + uniform() + uniform() - 2) * standard * deviation;
      }
      return values;
    },
  };
}
