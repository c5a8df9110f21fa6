import { checkPixels } from "./check-pixels.ts";
import { plainBytes, sharp } from "./configured-sharp.ts";
import type { Size } from "./resize.ts";

/**
 * Writes class ids as a PNG whose grey values are the ids: one channel of 8 bits (colour type 0), so that every reader
 * of label images gets the numbers back.
 *
 * @param mask - uint8 class ids, `[heightPx, widthPx]`; read, not kept.
 * @throws {InputError} when the bytes are not as many as the size says.
 */
export async function encodeMask(mask: Uint8Array, { widthPx, heightPx }: Size): Promise<Uint8Array> {
  checkPixels({ widthPx, heightPx, encoding: "mono8", data: mask });
  const encoded = await sharp(mask, { raw: { width: widthPx, height: heightPx, channels: 1 } })
    .toColourspace("b-w")
    .png({ compressionLevel: 6 })
    .toBuffer();
  return plainBytes(encoded);
}
