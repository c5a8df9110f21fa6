import { checkPixels } from "./check-pixels.ts";
import type { Palette } from "./palette.ts";
import type { Size } from "./resize.ts";

/**
 * Paints a mask: every class id in its colour. An id without a colour becomes black.
 *
 * @param mask - uint8 class ids, `[heightPx, widthPx]`; not changed.
 * @returns RGB, uint8, `[heightPx, widthPx, 3]`, new memory.
 * @throws {InputError} when the bytes are not as many as the size says.
 */
export function colourMask(mask: Uint8Array, { widthPx, heightPx }: Size, palette: Palette): Uint8Array {
  checkPixels({ widthPx, heightPx, encoding: "mono8", data: mask });
  const table = new Uint8Array(256 * 3);
  for (let id = 0; id < 256; id++) {
    const colour = palette[id];
    if (colour !== undefined) table.set(colour, id * 3);
  }
  const rgb = new Uint8Array(mask.length * 3);
  for (let from = 0, to = 0; from < mask.length; from++, to += 3) {
    const at = mask[from]! * 3;
    rgb[to] = table[at]!;
    rgb[to + 1] = table[at + 1]!;
    rgb[to + 2] = table[at + 2]!;
  }
  return rgb;
}
