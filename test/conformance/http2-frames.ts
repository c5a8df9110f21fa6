/** Frames of HTTP/2 (RFC 9113) written by hand, for peers that misbehave as Node's own cannot. */

/** What a client's connection begins with. */
export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

export const DATA = 0;
export const HEADERS = 1;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const GOAWAY = 7;

/** Flags. */
export const ACK = 1;
export const END_STREAM = 1;
export const END_HEADERS = 4;

export interface FrameHead {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
}

export function writeFrame({ type, flags, stream }: FrameHead, payload: Uint8Array = Buffer.of()): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.byteLength, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** No settings that differ from the usual ones. */
export const NO_SETTINGS = writeFrame({ type: SETTINGS, flags: 0, stream: 0 });

/** 32-bit numbers, as payloads have them. */
export function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value, 4 * at);
  return bytes;
}

/** The header block of a POST to `x` by http (RFC 7541: names of the static table, authority and path as they are). */
export function postBlock(path: string): Buffer {
  return Buffer.concat([Buffer.of(0x83, 0x86, 0x01, 1, 0x78, 0x04, path.length), Buffer.from(path)]);
}

/** The header block of an answer 404. */
export const NOT_FOUND_BLOCK = Buffer.of(0x8d);

/** The heads of the frames that are whole, and the bytes that are left. */
export function readFrames(bytes: Buffer): { readonly heads: readonly FrameHead[]; readonly rest: Buffer } {
  const heads: FrameHead[] = [];
  let rest = bytes;
  while (rest.byteLength >= 9 && rest.byteLength >= 9 + rest.readUIntBE(0, 3)) {
    heads.push({ type: rest[3] ?? 0, flags: rest[4] ?? 0, stream: rest.readUInt32BE(5) });
    rest = rest.subarray(9 + rest.readUIntBE(0, 3));
  }
  return { heads, rest };
}
