/**
 * Joins pieces of text into UTF-8.
 *
 * @returns bytes that fill an ArrayBuffer of their own, so that it can be moved to another thread.
 */
export function encodeText(pieces: readonly string[]): Uint8Array {
  let length = 0;
  for (const piece of pieces) length += Buffer.byteLength(piece, "utf8");
  const buffer = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const piece of pieces) at += buffer.write(piece, at, "utf8");
  return new Uint8Array(buffer.buffer);
}
