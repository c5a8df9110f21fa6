import { checkPixels } from "./check-pixels.ts";
import { plainBytes, sharp } from "./configured-sharp.ts";

/** Width and height in pixels. */
export interface Size {
  readonly widthPx: number;
  readonly heightPx: number;
}

/**
 * Resizes to exactly `to`, bilinear, without keeping the aspect ratio. When shrinking, the filter widens with the
 * ratio (antialiased), as in Pillow and unlike `cv2.resize`.
 *
 * @param rgb - uint8, `[from.heightPx, from.widthPx, 3]`; not changed, and returned as it is when the size is the same.
 * @returns uint8, `[to.heightPx, to.widthPx, 3]`
 * @throws {InputError} when the bytes are not as many as the size says.
 */
export async function resizeRgb(rgb: Uint8Array, from: Size, to: Size): Promise<Uint8Array> {
  checkPixels({ ...from, encoding: "rgb8", data: rgb });
  if (from.widthPx === to.widthPx && from.heightPx === to.heightPx) return rgb;
  const resized = await sharp(rgb, { raw: { width: from.widthPx, height: from.heightPx, channels: 3 } })
    .resize(to.widthPx, to.heightPx, { fit: "fill", kernel: "linear" })
    .raw()
    .toBuffer();
  return plainBytes(resized);
}
