import { isUtf8 } from "node:buffer";
import { TransportError } from "../errors.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
/** Powers of ten that a double holds exactly. */
const POWERS = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);
const MAX_DEPTH = 100;

/** Bytes that open and separate JSON values. */
export const JSON_BYTE = {
  comma: 0x2c,
  colon: 0x3a,
  openArray: 0x5b,
  closeArray: 0x5d,
  openObject: 0x7b,
  closeObject: 0x7d,
  quote: QUOTE,
} as const;

/**
 * Reads JSON value by value from its bytes, without building objects: a tensor of six million numbers goes straight into
 * its typed array. It also knows what TensorFlow Serving reads and writes though it is no JSON: `NaN`, `Infinity`,
 * `-Infinity`. Texts of errors are those of TensorFlow Serving's parser; all are INVALID_ARGUMENT.
 */
export class JsonScanner {
  readonly bytes: Buffer;
  at = 0;
  /** Of the last number: whether it was written without point and exponent, and where it began. */
  isInteger = false;
  numberStart = 0;

  /** @throws {TransportError} INVALID_ARGUMENT for bytes that are not UTF-8. */
  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (!isUtf8(bytes)) throw new TransportError("INVALID_ARGUMENT", "JSON Parse error: it is not UTF-8");
    if (this.peek() < 0) throw this.error("The document is empty.");
  }

  /** The next byte that is no white space, not yet taken; -1 at the end. */
  peek(): number {
    const { bytes } = this;
    let at = this.at;
    let byte = bytes[at];
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = bytes[++at];
    this.at = at;
    return byte ?? -1;
  }

  /** Takes the byte if it comes next. */
  take(byte: number): boolean {
    if (this.peek() !== byte) return false;
    this.at += 1;
    return true;
  }

  /** @throws {TransportError} with `problem` when another byte comes. */
  expect(byte: number, problem: string): void {
    if (!this.take(byte)) throw this.error(problem);
  }

  /** Calls `onMember` for each member of an object, the scanner standing on its value, which it must read. */
  members(onMember: (name: string) => void): void {
    this.expect(JSON_BYTE.openObject, "Invalid value.");
    if (this.take(JSON_BYTE.closeObject)) return;
    do {
      if (this.peek() !== QUOTE) throw this.error("Missing a name for object member.");
      const name = this.text();
      this.expect(JSON_BYTE.colon, "Missing a colon after a name of object member.");
      onMember(name);
    } while (this.take(JSON_BYTE.comma));
    this.expect(JSON_BYTE.closeObject, "Missing a comma or } after an object member.");
  }

  /** Calls `onElement` for each element of an array, in the same way; gives their number. */
  elements(onElement: (index: number) => void): number {
    this.expect(JSON_BYTE.openArray, "Invalid value.");
    if (this.take(JSON_BYTE.closeArray)) return 0;
    let index = 0;
    do onElement(index++);
    while (this.take(JSON_BYTE.comma));
    this.expect(JSON_BYTE.closeArray, "Missing a comma or ] after an array element.");
    return index;
  }

  text(): string {
    if (this.peek() !== QUOTE) throw this.error("Invalid value.");
    const { bytes } = this;
    const start = this.at;
    let isPlain = true;
    let at = start + 1;
    for (; ; at++) {
      const byte = bytes[at];
      if (byte === undefined) throw this.error("Missing a closing quotation mark in string.");
      if (byte === QUOTE) break;
      if (byte < 0x20) isPlain = false;
      if (byte === BACKSLASH) {
        isPlain = false;
        at += 1;
      }
    }
    this.at = at + 1;
    if (isPlain) return bytes.toString("utf8", start + 1, at);
    try {
      return JSON.parse(bytes.toString("utf8", start, at + 1)) as string;
    } catch {
      this.at = start;
      throw this.error("Invalid escape character in string.");
    }
  }

  /** A number, or one of the words that stand for what JSON has no numbers for. */
  number(): number {
    const { bytes } = this;
    this.peek();
    const start = this.at;
    let at = start;
    let byte = bytes[at] as number;
    const isNegative = byte === MINUS;
    if (isNegative) byte = bytes[++at] as number;
    if (!(byte >= ZERO && byte <= NINE)) return this.#word(isNegative);
    let mantissa = 0;
    let isExact = true;
    let scale = 0;
    const firstDigit = at;
    for (; byte >= ZERO && byte <= NINE; byte = bytes[++at] as number) {
      mantissa = mantissa * 10 + (byte - ZERO);
      if (mantissa > Number.MAX_SAFE_INTEGER) isExact = false;
    }
    if (bytes[firstDigit] === ZERO && at > firstDigit + 1) throw this.error("Invalid value.");
    this.isInteger = true;
    if (byte === POINT) {
      this.isInteger = false;
      byte = bytes[++at] as number;
      const firstFraction = at;
      for (; byte >= ZERO && byte <= NINE; byte = bytes[++at] as number) {
        mantissa = mantissa * 10 + (byte - ZERO);
        if (mantissa > Number.MAX_SAFE_INTEGER) isExact = false;
      }
      scale = firstFraction - at;
      if (scale === 0) throw this.error("Miss fraction part in number.");
    }
    if (byte === 0x65 || byte === 0x45) {
      this.isInteger = false;
      byte = bytes[++at] as number;
      if (byte === PLUS || byte === MINUS) byte = bytes[++at] as number;
      if (!(byte >= ZERO && byte <= NINE)) throw this.error("Miss exponent in number.");
      while (byte >= ZERO && byte <= NINE) byte = bytes[++at] as number;
      isExact = false;
    }
    this.numberStart = start;
    this.at = at;
    // One correctly rounded division of two exact numbers: the nearest double, as `Number` would find it.
    if (isExact && scale >= -22) {
      const value = scale === 0 ? mantissa : mantissa / (POWERS[-scale] as number);
      return isNegative ? -value : value;
    }
    return Number(bytes.toString("latin1", start, at));
  }

  /** The text of the last number. */
  numberText(): string {
    return this.bytes.toString("latin1", this.numberStart, this.at);
  }

  /** Whether a literal such as `true` comes next; takes it then. */
  literal(word: string): boolean {
    this.peek();
    if (this.bytes.toString("latin1", this.at, this.at + word.length) !== word) return false;
    this.at += word.length;
    return true;
  }

  /** Passes over a value of any kind. */
  skip(depth = 0): void {
    if (depth > MAX_DEPTH) throw this.error("Nesting is too deep.");
    const byte = this.peek();
    if (byte === JSON_BYTE.openObject) this.members(() => this.skip(depth + 1));
    else if (byte === JSON_BYTE.openArray) this.elements(() => this.skip(depth + 1));
    else if (byte === QUOTE) this.text();
    else if (!this.literal("true") && !this.literal("false") && !this.literal("null")) this.number();
  }

  /** @throws {TransportError} when anything but white space is left. */
  end(): void {
    if (this.peek() >= 0) throw this.error("The document root must not be followed by other values.");
  }

  /** A short piece of what comes next, for a message. */
  shown(): string {
    this.peek();
    const text = this.bytes.toString("utf8", this.at, this.at + 40).replace(/\s+/g, " ");
    return text.length < 40 ? text : `${text}…`;
  }

  error(problem: string): TransportError {
    return new TransportError("INVALID_ARGUMENT", `JSON Parse error: ${problem} at offset: ${this.at}`);
  }

  #word(isNegative: boolean): number {
    this.numberStart = this.at;
    this.isInteger = false;
    const start = this.at;
    if (isNegative) this.at += 1;
    if (this.literal("NaN")) return Number.NaN;
    if (this.literal("Infinity") || this.literal("Inf")) {
      return isNegative ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    }
    this.at = start;
    throw this.error("Invalid value.");
  }
}
