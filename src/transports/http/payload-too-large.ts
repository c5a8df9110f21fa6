import { TransportError } from "../../core/errors.ts";

/**
 * A body over the limit, of a request or an answer. It is RESOURCE_EXHAUSTED as a full queue is, and HTTP has a code of its
 * own for it (`PAYLOAD_TOO_LARGE`).
 */
export class PayloadTooLargeError extends TransportError {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super("RESOURCE_EXHAUSTED", message, options);
  }
}

/** @throws {PayloadTooLargeError} for an answer over the limit. */
export function checkAnswerBytes(bytes: number, maxPayloadBytes: number): void {
  if (bytes <= maxPayloadBytes) return;
  throw new PayloadTooLargeError(`the answer has ${bytes} bytes, over the limit of ${maxPayloadBytes}`);
}
