/** Numbers that look random and are the same for the same seed on every machine: integer arithmetic only. */
export interface Random {
  /** The next whole number, 0 to 2^32 − 1. */
  uint32(): number;
  /** The next fraction, 0 to less than 1, in steps of 2^-53. */
  fraction(): number;
}

/**
 * sfc32 (Chris Doty-Humphrey's Small Fast Counter, 128 bits of state), seeded through SplitMix32 so that seeds next to
 * each other give unlike sequences.
 *
 * @param seed - any number; its lower 53 bits of whole part count.
 * @see https://pracrand.sourceforge.net/RNG_engines.txt
 */
export function createRandom(seed: number): Random {
  const whole = Math.trunc(seed);
  const high = Math.floor(whole / 2 ** 32) >>> 0;
  const next = splitMix32(high === 0 ? whole : (whole >>> 0) ^ splitMix32(high)());
  let a = next();
  let b = next();
  let c = next();
  let counter = 1;
  const uint32 = (): number => {
    const result = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + result;
    c |= 0;
    return result >>> 0;
  };
  for (let round = 0; round < 12; round += 1) uint32();
  return { uint32, fraction: () => (uint32() * 2 ** 21 + (uint32() >>> 11)) / 2 ** 53 };
}

function splitMix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) | 0;
  };
}
