const utf8 = new TextEncoder();
/** Up to so many UTF-16 units pieces are joined first: one call then costs less than several. */
const JOINED_LENGTH = 65_536;

/**
 * Joins pieces of text into UTF-8.
 *
 * @returns bytes that fill an ArrayBuffer of their own, so that it can be moved to another thread.
 */
export function encodeText(pieces: readonly string[]): Uint8Array {
  let units = 0;
  for (const piece of pieces) units += piece.length;
  if (units <= JOINED_LENGTH) return utf8.encode(pieces.join(""));
  let length = 0;
  for (const piece of pieces) length += Buffer.byteLength(piece, "utf8");
  const buffer = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const piece of pieces) at += buffer.write(piece, at, "utf8");
  return new Uint8Array(buffer.buffer);
}
