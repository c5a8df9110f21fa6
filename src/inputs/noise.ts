import type { Random } from "../core/random.ts";

/** Fills with the next bytes. */
export function fillRandom(bytes: Uint8Array, random: Random): void {
  for (let at = 0; at < bytes.length; at += 4) {
    const word = random.uint32();
    bytes[at] = word;
    bytes[at + 1] = word >>> 8;
    bytes[at + 2] = word >>> 16;
    bytes[at + 3] = word >>> 24;
  }
}

/** Mixes two whole numbers into one of 0 to 2^32 − 1 (the finaliser of MurmurHash3). */
export function hash32(a: number, b: number): number {
  let h = Math.imul(a | 0, 0x9e3779b1) ^ Math.imul((b | 0) + 0x7f4a7c15, 0x85ebca77);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** {@link hash32} as a fraction, 0 to less than 1. */
export function hashUnit(a: number, b: number): number {
  return hash32(a, b) / 4_294_967_296;
}

/** Smooth noise of a point in the plane, 0 to 1, that changes over a distance of about 1. */
export function smoothNoise(x: number, y: number, seed: number): number {
  const column = Math.floor(x);
  const row = Math.floor(y);
  const fx = x - column;
  const fy = y - row;
  const sx = fx * fx * (3 - 2 * fx);
  const sy = fy * fy * (3 - 2 * fy);
  const corner = (dx: number, dy: number): number => hashUnit(Math.imul(column + dx, 7919) ^ seed, row + dy);
  const top = corner(0, 0) + (corner(1, 0) - corner(0, 0)) * sx;
  const bottom = corner(0, 1) + (corner(1, 1) - corner(0, 1)) * sx;
  return top + (bottom - top) * sy;
}
