/**
 * Writes the LZ4 frame format: independent blocks of at most 4 MiB, no checksums. A plain greedy compressor, here only
 * so that the project's own bags can be compressed; the same bytes give the same frame on every machine.
 * @see https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
 * @see https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
 */
export function lz4Frame(data: Uint8Array): Uint8Array {
  // Magic; version 1 with independent blocks; blocks up to 4 MiB; the header's checksum, constant for these flags.
  const parts: Uint8Array[] = [Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73)];
  for (let at = 0; at < data.length; at += BLOCK_BYTES) {
    const plain = data.subarray(at, at + BLOCK_BYTES);
    const packed = compressBlock(plain);
    const isSmaller = packed.length < plain.length;
    const size = new Uint8Array(4);
    // The highest bit marks a block that is stored as it is.
    new DataView(size.buffer).setUint32(0, isSmaller ? packed.length : plain.length + 0x8000_0000, true);
    parts.push(size, isSmaller ? packed : plain);
  }
  parts.push(new Uint8Array(4));
  return new Uint8Array(Buffer.concat(parts));
}

const BLOCK_BYTES = 4_194_304;
const MIN_MATCH = 4;
const MAX_OFFSET = 65_535;
/** The format's own rules: the last 5 bytes are literals, the last match begins 12 bytes before the end. */
const LAST_LITERALS = 5;
const MATCH_LIMIT = 12;
const HASH_BITS = 16;

function compressBlock(data: Uint8Array): Uint8Array {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const packed = new Uint8Array(data.length + Math.ceil(data.length / 255) + 16);
  const lastSeen = new Int32Array(1 << HASH_BITS).fill(-1);
  let out = 0;
  let anchor = 0;
  const lengthBytes = (rest: number): void => {
    for (; rest >= 255; rest -= 255) packed[out++] = 255;
    packed[out++] = rest;
  };
  const literals = (end: number, matchToken: number): void => {
    const count = end - anchor;
    packed[out++] = (Math.min(count, 15) << 4) | matchToken;
    if (count >= 15) lengthBytes(count - 15);
    packed.set(data.subarray(anchor, end), out);
    out += count;
  };
  for (let at = 0; at + MATCH_LIMIT <= data.length; ) {
    const word = view.getUint32(at, true);
    const slot = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS);
    const seen = lastSeen[slot]!;
    lastSeen[slot] = at;
    if (seen < 0 || at - seen > MAX_OFFSET || view.getUint32(seen, true) !== word) {
      at++;
      continue;
    }
    let length = MIN_MATCH;
    while (at + length < data.length - LAST_LITERALS && data[seen + length] === data[at + length]) length++;
    const extra = length - MIN_MATCH;
    literals(at, Math.min(extra, 15));
    packed[out++] = at - seen;
    packed[out++] = (at - seen) >> 8;
    if (extra >= 15) lengthBytes(extra - 15);
    at += length;
    anchor = at;
  }
  literals(data.length, 0);
  return packed.subarray(0, out);
}
