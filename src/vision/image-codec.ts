import { InputError } from "../core/errors.ts";
import { checkPixels } from "./check-pixels.ts";
import { plainBytes, sharp } from "./configured-sharp.ts";

export type ImageFormat = "jpeg" | "png";

/** A decoded picture. */
export interface DecodedImage {
  readonly widthPx: number;
  readonly heightPx: number;
  /** RGB, uint8, `[heightPx, widthPx, 3]`; may be a view into a larger buffer. */
  readonly rgb: Uint8Array;
}

/** Quality and subsampling of every JPEG that the project writes. */
export const JPEG_QUALITY = 90;

/**
 * Writes a JPEG (quality 90, 4:2:0, baseline, standard Huffman tables) or a PNG (8-bit RGB, zlib level 6).
 *
 * Huffman tables are not optimised per image, as in OpenCV and camera drivers: that second pass costs more time than
 * the few per cent of size are worth on a live stream.
 *
 * @param rgb - uint8, `[heightPx, widthPx, 3]`; read, not kept.
 * @throws {InputError} when the bytes are not as many as the size says.
 */
export async function encodeImage(
  rgb: Uint8Array,
  widthPx: number,
  heightPx: number,
  format: ImageFormat,
): Promise<Uint8Array> {
  checkPixels({ widthPx, heightPx, encoding: "rgb8", data: rgb });
  const image = sharp(rgb, { raw: { width: widthPx, height: heightPx, channels: 3 } });
  const encoded =
    format === "jpeg"
      ? image.jpeg({ quality: JPEG_QUALITY, chromaSubsampling: "4:2:0", optimiseCoding: false })
      : image.png({ compressionLevel: 6 });
  return plainBytes(await encoded.toBuffer());
}

/**
 * Decodes a JPEG or a PNG to 8-bit RGB, as `cv2.imdecode` does where the two have a choice: grey is tripled, alpha is
 * dropped (not blended), an EXIF orientation is applied, an RGB colour profile is ignored, 16 bits become 8.
 * CMYK is converted to sRGB. A picture with any damage, truncation included, is refused as a whole.
 *
 * @param bytes - the whole file; read, not kept.
 * @throws {InputError} when it is neither JPEG nor PNG, or damaged.
 */
export async function decodeImage(bytes: Uint8Array): Promise<DecodedImage> {
  const format = detectImageFormat(bytes);
  if (format === undefined) {
    throw new InputError(`neither a JPEG nor a PNG: ${bytes.byteLength} bytes ${beginning(bytes)}`);
  }
  try {
    const { data, info } = await sharp(bytes, { failOn: "warning", autoOrient: true, ignoreIcc: true })
      .removeAlpha()
      .toColourspace("srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) throw new Error(`decoded to ${info.channels} channels instead of 3`);
    return { widthPx: info.width, heightPx: info.height, rgb: plainBytes(data) };
  } catch (reason) {
    throw new InputError(
      `a damaged ${format.toUpperCase()} of ${bytes.byteLength} bytes: ${firstLineOf(reason)}`,
      { cause: reason },
    );
  }
}

/** The format by the magic bytes, whatever a file name or a message says; `undefined` for anything else. */
export function detectImageFormat(bytes: Uint8Array): ImageFormat | undefined {
  if (startsWith(bytes, [0xff, 0xd8, 0xff])) return "jpeg";
  if (startsWith(bytes, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return "png";
  return undefined;
}

/** libvips repeats itself line by line. */
function firstLineOf(reason: unknown): string {
  return (reason instanceof Error ? reason.message : String(reason)).split("\n")[0]!.trim();
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((value, at) => bytes[at] === value);
}

function beginning(bytes: Uint8Array): string {
  return bytes.byteLength === 0
    ? "(empty)"
    : `that begin with ${Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(8, bytes.byteLength)).toString("hex")}`;
}
