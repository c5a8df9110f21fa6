import { TransportError } from "../../core/errors.ts";
import type { InferRequest, InferResponse } from "../../core/inference.ts";
import {
  decodeInferRequest,
  decodeInferResponse,
  encodeInferResponse,
  type WireMessage,
  writeParts,
} from "../../core/oip/protobuf.ts";
import type { Parameters } from "../../core/parameters.ts";
import { LazyMessage, type MessageForm, type OutgoingMessage, plainMessage } from "./message.ts";

/** More than a head with its parameters takes up in practice. */
const HEAD_BYTES = 4096;

/**
 * Writes a response. `takeParameters` is called when the outputs are in place and nothing but the head is left: the
 * server's last mark is taken there.
 *
 * @throws {TransportError} RESOURCE_EXHAUSTED for an answer over the limit.
 */
export function writeResponse(
  response: InferResponse,
  takeParameters: () => Parameters,
  form: MessageForm,
  maxPayloadBytes: number,
): OutgoingMessage {
  if (form === "lazy") {
    const message = encodeInferResponse({ ...response, parameters: takeParameters() });
    checkLimit("answer", message, maxPayloadBytes);
    return new LazyMessage(message);
  }
  // Only the first part, the head, depends on the parameters: the others are copied behind the room left for it.
  const tail = withoutHead(encodeInferResponse(response));
  checkLimit("answer", tail, maxPayloadBytes);
  const buffer = Buffer.allocUnsafe(HEAD_BYTES + tail.byteLength);
  writeParts(tail, buffer, HEAD_BYTES);
  const message = encodeInferResponse({ ...response, parameters: takeParameters() });
  checkLimit("answer", message, maxPayloadBytes);
  const head = message.parts[0];
  if (head === undefined || head.byteLength > HEAD_BYTES) return plainMessage(message);
  buffer.set(head, HEAD_BYTES - head.byteLength);
  return buffer.subarray(HEAD_BYTES - head.byteLength);
}

/** Decodes a request, or says what is wrong with it: a deserialiser that throws would lose the message. */
export function readRequest(bytes: Uint8Array): InferRequest | TransportError {
  try {
    return decodeInferRequest(bytes);
  } catch (reason) {
    return TransportError.from(reason, "INTERNAL");
  }
}

/** Decodes a response; what is malformed is the server's fault, INTERNAL. */
export function readResponse(bytes: Uint8Array): InferResponse | TransportError {
  try {
    return decodeInferResponse(bytes);
  } catch (reason) {
    const { message } = TransportError.from(reason);
    return new TransportError("INTERNAL", `the server's answer is malformed: ${message}`, { cause: reason });
  }
}

function withoutHead({ byteLength, parts }: WireMessage): WireMessage {
  return { byteLength: byteLength - (parts[0]?.byteLength ?? 0), parts: parts.slice(1) };
}

/** @throws {TransportError} RESOURCE_EXHAUSTED for a message over the limit. */
export function checkLimit(
  what: "request" | "answer",
  { byteLength }: WireMessage,
  maxPayloadBytes: number,
): void {
  if (byteLength <= maxPayloadBytes) return;
  throw new TransportError(
    "RESOURCE_EXHAUSTED",
    `the ${what} of ${byteLength} bytes is over the limit of ${maxPayloadBytes} bytes`,
  );
}
