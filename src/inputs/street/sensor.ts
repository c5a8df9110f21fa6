import type { BayerEncoding, Pixels } from "../../core/frame.ts";
import type { Random } from "../../core/random.ts";
import type { Size } from "../../vision/resize.ts";

/** The colour (0 red, 1 green, 2 blue) at each place of the 2×2 cell, row by row. */
const CELLS: Readonly<Record<BayerEncoding, readonly [number, number, number, number]>> = {
  bayer_rggb8: [0, 1, 1, 2],
  bayer_bggr8: [2, 1, 1, 0],
  bayer_gbrg8: [1, 2, 0, 1],
  bayer_grbg8: [1, 0, 2, 1],
};

/** Four random bytes add up to a mean of 510 and this deviation: near enough to a bell curve, and exact. */
const FOUR_BYTES_DEVIATION = 147.8;

/**
 * Takes a picture as a colour camera's sensor does: one colour per pixel, with noise that grows with the light
 * (deviation 1.6 in the dark to 4.2 in white, in levels of 255).
 *
 * @param rgb - uint8, `[heightPx, widthPx, 3]`; not changed.
 */
export function exposeMosaic(rgb: Uint8Array, size: Size, encoding: BayerEncoding, random: Random): Pixels {
  const { widthPx, heightPx } = size;
  const cell = CELLS[encoding];
  const data = new Uint8Array(widthPx * heightPx);
  for (let y = 0, at = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, at++) {
      const light = rgb[at * 3 + cell[((y & 1) << 1) | (x & 1)]!]!;
      const word = random.uint32();
      const bell = (word & 255) + ((word >>> 8) & 255) + ((word >>> 16) & 255) + (word >>> 24) - 510;
      const value = light + bell * ((1.6 + light * 0.01) / FOUR_BYTES_DEVIATION);
      data[at] = value <= 0 ? 0 : value >= 255 ? 255 : (value + 0.5) | 0;
    }
  }
  return { widthPx, heightPx, encoding, data };
}
