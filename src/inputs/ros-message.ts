import type { RosTime } from "./ros-time.ts";

/** ROS 1's serialisation: little-endian, no alignment; texts and variable arrays begin with a u32 count. */

/** Reads the fields of one message in order. Every read past the end throws a `RangeError`. */
export class MessageReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u8(): number {
    this.#at += 1;
    return this.#view.getUint8(this.#at - 1);
  }

  u32(): number {
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4, true);
  }

  time(): RosTime {
    return { sec: this.u32(), nsec: this.u32() };
  }

  text(): string {
    return Buffer.from(this.bytes()).toString("utf8");
  }

  /** A `uint8[]`, as a view into the message. */
  bytes(): Uint8Array {
    const length = this.u32();
    const from = this.#at;
    if (length > this.#bytes.byteLength - from) {
      throw new RangeError(
        `a field of ${length} bytes at byte ${from} runs over the message's end (${this.#bytes.byteLength})`,
      );
    }
    this.#at = from + length;
    return this.#bytes.subarray(from, this.#at);
  }
}

/** Writes the fields of one message in order. */
export class MessageWriter {
  readonly #parts: Uint8Array[] = [];

  u8(value: number): this {
    this.#parts.push(Uint8Array.of(value));
    return this;
  }

  u32(value: number): this {
    const part = new Uint8Array(4);
    new DataView(part.buffer).setUint32(0, value, true);
    this.#parts.push(part);
    return this;
  }

  f64(value: number): this {
    const part = new Uint8Array(8);
    new DataView(part.buffer).setFloat64(0, value, true);
    this.#parts.push(part);
    return this;
  }

  time({ sec, nsec }: RosTime): this {
    return this.u32(sec).u32(nsec);
  }

  text(value: string): this {
    return this.bytes(Buffer.from(value, "utf8"));
  }

  /** A `uint8[]`; read when `finish` is called. */
  bytes(value: Uint8Array): this {
    this.u32(value.byteLength);
    this.#parts.push(value);
    return this;
  }

  finish(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#parts));
  }
}
