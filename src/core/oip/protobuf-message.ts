/** A protobuf message as pieces: the concatenation of the parts is the message. Tensors' bytes are parts by reference. */
export interface WireMessage {
  /** The sum of the parts' lengths. */
  readonly byteLength: number;
  readonly parts: readonly Uint8Array[];
}

/** Writes the message into `target` from `offset` on (one copy of every part) and returns the offset behind it. */
export function writeParts(message: WireMessage, target: Uint8Array, offset: number): number {
  let at = offset;
  for (const part of message.parts) {
    target.set(part, at);
    at += part.byteLength;
  }
  return at;
}

/** The message in one piece, which the caller owns (one copy of every part). */
export function joinParts(message: WireMessage): Uint8Array {
  const joined = new Uint8Array(message.byteLength);
  writeParts(message, joined, 0);
  return joined;
}
