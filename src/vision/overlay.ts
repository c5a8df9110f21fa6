import { InputError } from "../core/errors.ts";
import { checkPixels } from "./check-pixels.ts";
import type { Palette } from "./palette.ts";

export interface OverlayOptions {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly maskWidthPx: number;
  readonly maskHeightPx: number;
  /** A class id without a colour leaves the picture as it is. */
  readonly palette: Palette;
  /** 0: the picture alone; 1: the mask alone. @default 0.5 */
  readonly alpha?: number | undefined;
}

/**
 * Draws a mask of class ids over a picture. The mask is stretched to the picture, nearest neighbour.
 *
 * @param rgb - uint8, `[heightPx, widthPx, 3]`; not changed.
 * @param mask - uint8 class ids, `[maskHeightPx, maskWidthPx]`.
 * @returns uint8, `[heightPx, widthPx, 3]`, new memory.
 * @throws {InputError} when the bytes are not as many as the sizes say.
 */
export function overlayMask(rgb: Uint8Array, mask: Uint8Array, options: OverlayOptions): Uint8Array {
  const { widthPx, heightPx, maskWidthPx, maskHeightPx, palette, alpha = 0.5 } = options;
  checkPixels({ widthPx, heightPx, encoding: "rgb8", data: rgb });
  checkPixels({ widthPx: maskWidthPx, heightPx: maskHeightPx, encoding: "mono8", data: mask });
  if (!(alpha >= 0 && alpha <= 1)) throw new InputError(`alpha must be 0 to 1, got ${alpha}`);
  // Not `slice`: of a Buffer that is a view, and the picture itself would be drawn on.
  const drawn = new Uint8Array(rgb);
  const columns = Uint32Array.from({ length: widthPx }, (_, x) =>
    Math.floor(((x + 0.5) * maskWidthPx) / widthPx),
  );
  for (let y = 0; y < heightPx; y++) {
    const row = Math.floor(((y + 0.5) * maskHeightPx) / heightPx) * maskWidthPx;
    for (let x = 0; x < widthPx; x++) {
      const colour = palette[mask[row + columns[x]!]!];
      if (colour === undefined) continue;
      const at = (y * widthPx + x) * 3;
      for (let channel = 0; channel < 3; channel++) {
        drawn[at + channel] = Math.round(rgb[at + channel]! * (1 - alpha) + colour[channel]! * alpha);
      }
    }
  }
  return drawn;
}
