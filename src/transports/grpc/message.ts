import { type WireMessage, writeParts } from "../../core/oip/protobuf.ts";

/**
 * What grpc-js's framing takes from a serialiser's result, and all that it does with it: it reads the length (`length`
 * in the client, `byteLength` in the server), allocates the frame and calls `copy`. A Buffer is one.
 */
export interface OutgoingMessage {
  readonly length: number;
  readonly byteLength: number;
  /** Writes the whole message into `target` from `offset` on. */
  copy(target: Uint8Array, offset?: number): number;
}

/**
 * A message that is written straight into grpc-js's frame: its sizes and its head are ready, the tensors' bytes are
 * copied once instead of twice. It works without compression only, which would read it as bytes.
 */
export class LazyMessage implements OutgoingMessage {
  readonly length: number;
  readonly byteLength: number;
  readonly #message: WireMessage;

  constructor(message: WireMessage) {
    this.length = message.byteLength;
    this.byteLength = message.byteLength;
    this.#message = message;
  }

  copy(target: Uint8Array, offset = 0): number {
    return writeParts(this.#message, target, offset) - offset;
  }
}

/** The message as an ordinary Buffer (one copy), as the library expects it. */
export function plainMessage(message: WireMessage): Buffer {
  const buffer = Buffer.allocUnsafe(message.byteLength);
  writeParts(message, buffer, 0);
  return buffer;
}

/** How messages are handed to the library: `lazy` saves a copy, `plain` is a Buffer. */
export type MessageForm = "lazy" | "plain";

export function outgoingMessage(message: WireMessage, form: MessageForm): OutgoingMessage {
  return form === "lazy" ? new LazyMessage(message) : plainMessage(message);
}

/** Serialisers pass ready messages on: everything was encoded before the call was handed to the library. */
export function passThrough(message: OutgoingMessage): Buffer {
  return message as Buffer;
}
