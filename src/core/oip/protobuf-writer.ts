/** Wire types of protobuf; the low three bits of a tag. @see https://protobuf.dev/programming-guides/encoding/ */
export const VARINT = 0;
export const FIXED64 = 1;
export const LENGTH_DELIMITED = 2;
export const GROUP_START = 3;
export const GROUP_END = 4;
export const FIXED32 = 5;

const LONGEST_VARINT_BYTES = 10;
const SHORT_TEXT = 48;

/**
 * Writes protobuf fields into a buffer that grows and is used again: start with `reset`, end with `take`. Nested
 * messages are written between `begin` and `end`; field numbers are below 16, so that every tag is one byte.
 */
export class ProtobufWriter {
  #bytes: Buffer = Buffer.allocUnsafeSlow(4096);
  #at = 0;

  reset(): void {
    this.#at = 0;
  }

  /** A copy of what was written since `reset` or the last `take`; the writer is empty afterwards. */
  take(): Uint8Array {
    const taken = Buffer.allocUnsafe(this.#at);
    this.#bytes.copy(taken, 0, 0, this.#at);
    this.#at = 0;
    return taken;
  }

  tag(field: number, wireType: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = (field << 3) | wireType;
  }

  /** An int64 (two's complement) or uint64 within the safe integers. */
  varint(value: number): void {
    this.#reserve(LONGEST_VARINT_BYTES);
    if (value < 0) {
      this.#negativeVarint(value);
      return;
    }
    let rest = value;
    while (rest > 0x7fff_ffff) {
      this.#bytes[this.#at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest > 0x7f) {
      this.#bytes[this.#at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#at++] = rest;
  }

  double(value: number): void {
    this.#reserve(8);
    this.#at = this.#bytes.writeDoubleLE(value, this.#at);
  }

  /** A string field: tag, length and UTF-8 (lone surrogates become U+FFFD). */
  text(field: number, value: string): void {
    const start = this.begin(field);
    this.#reserve(value.length * 3);
    if (value.length > SHORT_TEXT || !this.#ascii(value)) {
      this.#at += this.#bytes.write(value, this.#at, "utf8");
    }
    this.end(start);
  }

  /** Opens a length-delimited field; give the answer to `end`. */
  begin(field: number): number {
    this.#reserve(2);
    this.#bytes[this.#at++] = (field << 3) | LENGTH_DELIMITED;
    // One byte is kept for the length; `end` makes room for more where the content turned out longer.
    return ++this.#at;
  }

  end(start: number): void {
    const length = this.#at - start;
    if (length < 0x80) {
      this.#bytes[start - 1] = length;
      return;
    }
    let extra = 0;
    for (let rest = Math.floor(length / 128); rest > 0; rest = Math.floor(rest / 128)) extra += 1;
    this.#reserve(extra);
    this.#bytes.copyWithin(start + extra, start, this.#at);
    this.#at = start - 1;
    this.varint(length);
    this.#at += length;
  }

  #ascii(value: string): boolean {
    const start = this.#at;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return false;
      this.#bytes[start + i] = code;
    }
    this.#at += value.length;
    return true;
  }

  #negativeVarint(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 0x7fn) {
      this.#bytes[this.#at++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.#at++] = Number(rest);
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#bytes.byteLength) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#bytes.byteLength * 2, this.#at + count));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}
