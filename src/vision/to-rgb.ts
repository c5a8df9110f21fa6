import type { Pixels } from "../core/frame.ts";
import { checkPixels } from "./check-pixels.ts";
import { demosaic } from "./demosaic.ts";

/**
 * The pixels as RGB, uint8, `[heightPx, widthPx, 3]`.
 *
 * `rgb8` is returned as it is: the same bytes, not a copy. `bgr8` is swapped, `mono8` tripled, Bayer demosaiced into
 * new memory.
 *
 * @throws {InputError} for a wrong number of bytes.
 */
export function toRgb(pixels: Pixels): Uint8Array {
  checkPixels(pixels);
  const { encoding, data } = pixels;
  switch (encoding) {
    case "rgb8":
      return data;
    case "bgr8":
      return swapRedAndBlue(data);
    case "mono8":
      return triple(data);
    case "bayer_rggb8":
    case "bayer_bggr8":
    case "bayer_gbrg8":
    case "bayer_grbg8":
      return demosaic(pixels);
  }
}

function swapRedAndBlue(bgr: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(bgr.length);
  for (let at = 0; at < bgr.length; at += 3) {
    rgb[at] = bgr[at + 2]!;
    rgb[at + 1] = bgr[at + 1]!;
    rgb[at + 2] = bgr[at]!;
  }
  return rgb;
}

function triple(mono: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(mono.length * 3);
  for (let from = 0, to = 0; from < mono.length; from++, to += 3) {
    const value = mono[from]!;
    rgb[to] = value;
    rgb[to + 1] = value;
    rgb[to + 2] = value;
  }
  return rgb;
}
