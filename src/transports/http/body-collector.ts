import { PayloadTooLargeError } from "./payload-too-large.ts";

/** Typed arrays need their start at a multiple of their element size; the largest element has 8 bytes. */
const ALIGNMENT = 8;

/**
 * Puts the chunks of a body together: one copy, out of the socket's chunks into one buffer that was allocated when the
 * length became known. That buffer belongs to the body alone, so it can be moved to another thread, and it is placed so
 * that what follows the first `headerBytes` bytes (the binary tensors) is aligned for typed arrays.
 */
export class BodyCollector {
  readonly #maxBytes: number;
  readonly #headerBytes: number;
  readonly #target: Uint8Array | undefined;
  #chunks: Uint8Array[] = [];
  #byteLength = 0;

  /**
   * @param expected - `contentBytes`: the announced length; absent: chunks are kept and joined at the end.
   * @throws {TransportError} RESOURCE_EXHAUSTED when the announced length is over the limit.
   */
  constructor(expected: {
    readonly contentBytes?: number | undefined;
    readonly headerBytes?: number | undefined;
    readonly maxBytes: number;
  }) {
    this.#maxBytes = expected.maxBytes;
    this.#headerBytes = expected.headerBytes ?? 0;
    const { contentBytes } = expected;
    if (contentBytes !== undefined) {
      this.#checkLimit(contentBytes);
      this.#target = allocateAligned(contentBytes, this.#headerBytes);
    }
  }

  /** Bytes received so far. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** Whether the announced length is there; unknown, so false, without one. */
  get isComplete(): boolean {
    return this.#target !== undefined && this.#byteLength === this.#target.byteLength;
  }

  /** @throws {TransportError} RESOURCE_EXHAUSTED over the limit. */
  push(chunk: Uint8Array): void {
    const end = this.#byteLength + chunk.byteLength;
    if (this.#target === undefined) {
      this.#checkLimit(end);
      this.#chunks.push(chunk);
    } else {
      this.#target.set(chunk, this.#byteLength);
    }
    this.#byteLength = end;
  }

  /** The whole body. Call it once, at the end of the message. */
  finish(): Uint8Array {
    if (this.#target !== undefined) return this.#target.subarray(0, this.#byteLength);
    const joined = allocateAligned(this.#byteLength, this.#headerBytes);
    let at = 0;
    for (const chunk of this.#chunks) {
      joined.set(chunk, at);
      at += chunk.byteLength;
    }
    this.#chunks = [];
    return joined;
  }

  #checkLimit(bytes: number): void {
    if (bytes > this.#maxBytes) {
      throw new PayloadTooLargeError(
        `the body has ${bytes} bytes or more, over the limit of ${this.#maxBytes}`,
      );
    }
  }
}

/** Uninitialised bytes in a buffer of their own, `alignedAt` of which is a multiple of 8 in it. */
function allocateAligned(byteLength: number, alignedAt: number): Uint8Array {
  const padding = (ALIGNMENT - (alignedAt % ALIGNMENT)) % ALIGNMENT;
  const buffer = Buffer.allocUnsafeSlow(byteLength + padding);
  return new Uint8Array(buffer.buffer, padding, byteLength);
}
