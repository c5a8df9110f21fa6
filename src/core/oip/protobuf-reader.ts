import { TransportError } from "../errors.ts";
import { FIXED32, FIXED64, GROUP_END, GROUP_START, LENGTH_DELIMITED, VARINT } from "./protobuf-writer.ts";

const TWO_32 = 4_294_967_296;
/** As in Google's parsers: deeper nesting of (unknown) groups is refused. */
const DEEPEST_GROUP = 100;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads protobuf fields: `next` until it answers false, then either a read method or `skip`. Every method throws
 * INVALID_ARGUMENT for malformed bytes and never reads outside them. Nested messages are read between `enter` and
 * `leave` by the same reader.
 */
export class ProtobufReader {
  /** Of the field that `next` found. */
  field = 0;
  wireType = 0;
  /** The halves of the last varint or fixed 64-bit value, unsigned. */
  low = 0;
  high = 0;
  /** Where the reader stands, and where the current message ends. */
  at: number;
  limit: number;
  readonly bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
    this.limit = bytes.byteLength;
  }

  /** Goes to the next field of the current message; false at its end. */
  next(): boolean {
    if (this.at >= this.limit) return false;
    this.varint();
    const tag = this.low;
    if (this.high !== 0 || tag < 8) throw malformed(`invalid tag at byte ${this.at}`);
    this.field = tag >>> 3;
    this.wireType = tag & 7;
    return true;
  }

  /** Whether the field is of this number and wire type; a known number with another type counts as unknown. */
  is(field: number, wireType: number): boolean {
    return this.field === field && this.wireType === wireType;
  }

  /** Reads a varint into `low` and `high`. */
  varint(): void {
    const { bytes, limit } = this;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.at >= limit) throw malformed("a varint runs over the end");
      const byte = bytes[this.at++] as number;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) {
        this.low = low >>> 0;
        this.high = high >>> 0;
        return;
      }
    }
    throw malformed("a varint has more than 10 bytes");
  }

  /** An int64; exact within the safe integers. */
  int64(): number {
    this.varint();
    return (this.high | 0) * TWO_32 + this.low;
  }

  /** A uint64; exact within the safe integers. */
  uint64(): number {
    this.varint();
    return this.high * TWO_32 + this.low;
  }

  double(): number {
    const at = this.take(8);
    return this.bytes.readDoubleLE(at);
  }

  text(): string {
    const length = this.length();
    const start = this.take(length);
    const { bytes } = this;
    for (let at = start; at < start + length; at++) {
      if ((bytes[at] as number) > 0x7f) return this.#utf8(start, start + length);
    }
    return bytes.toString("latin1", start, start + length);
  }

  /** The bytes of a length-delimited field, as a view. */
  view(): Uint8Array {
    const length = this.length();
    const start = this.take(length);
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + start, length);
  }

  /** Enters a nested message; give the answer to `leave` when `next` answered false. */
  enter(): number {
    const outer = this.limit;
    const length = this.length();
    if (length > outer - this.at) throw malformed(`a field of ${length} bytes runs over the end`);
    this.limit = this.at + length;
    return outer;
  }

  leave(outer: number): void {
    this.at = this.limit;
    this.limit = outer;
  }

  /** Passes over the value of the current field. */
  skip(depth = 0): void {
    switch (this.wireType) {
      case VARINT:
        this.varint();
        return;
      case FIXED64:
        this.take(8);
        return;
      case LENGTH_DELIMITED:
        this.take(this.length());
        return;
      case FIXED32:
        this.take(4);
        return;
      case GROUP_START:
        this.#skipGroup(this.field, depth + 1);
        return;
      default:
        throw malformed(`field ${this.field} has the invalid wire type ${this.wireType}`);
    }
  }

  /** The length of a length-delimited field. */
  length(): number {
    this.varint();
    if (this.high !== 0) throw malformed("the length of a field is over 4 GiB");
    return this.low;
  }

  /** Passes over `count` bytes and answers where they began. */
  take(count: number): number {
    const start = this.at;
    if (count > this.limit - start) throw malformed(`a field of ${count} bytes runs over the end`);
    this.at = start + count;
    return start;
  }

  #skipGroup(field: number, depth: number): void {
    if (depth > DEEPEST_GROUP) throw malformed("groups are nested too deep");
    while (this.next()) {
      if (this.is(field, GROUP_END)) return;
      this.skip(depth);
    }
    throw malformed(`the group of field ${field} has no end`);
  }

  #utf8(start: number, end: number): string {
    try {
      return utf8.decode(this.bytes.subarray(start, end));
    } catch (cause) {
      throw new TransportError("INVALID_ARGUMENT", "malformed protobuf message: a string is not UTF-8", {
        cause,
      });
    }
  }
}

/** The error of bytes that are no message of the expected kind. */
export function malformed(what: string): TransportError {
  return new TransportError("INVALID_ARGUMENT", `malformed protobuf message: ${what}`);
}
