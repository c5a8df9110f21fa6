import { TransportError } from "../../core/errors.ts";
import type { InferRequest, InferResponse } from "../../core/inference.ts";
import {
  decodeInferRequest,
  decodeInferResponse,
  encodeInferResponse,
  type WireMessage,
  writeParts,
} from "../../core/oip/protobuf.ts";
import { encodeStreamAnswer } from "../../core/oip/protobuf-stream.ts";
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
  return write({
    response,
    takeParameters,
    encode: encodeInferResponse,
    headParts: 1,
    form,
    maxPayloadBytes,
  });
}

/** The same as `ModelStreamInferResponse`, the message of a stream. */
export function writeStreamResponse(
  response: InferResponse,
  takeParameters: () => Parameters,
  form: MessageForm,
  maxPayloadBytes: number,
): OutgoingMessage {
  const encode = (answer: InferResponse) => encodeStreamAnswer(encodeInferResponse(answer));
  return write({ response, takeParameters, encode, headParts: 2, form, maxPayloadBytes });
}

interface Writing {
  readonly response: InferResponse;
  readonly takeParameters: () => Parameters;
  readonly encode: (response: InferResponse) => WireMessage;
  /** So many parts at the beginning depend on the parameters. */
  readonly headParts: number;
  readonly form: MessageForm;
  readonly maxPayloadBytes: number;
}

function write({
  response,
  takeParameters,
  encode,
  headParts,
  form,
  maxPayloadBytes,
}: Writing): OutgoingMessage {
  if (form === "lazy") {
    const message = encode({ ...response, parameters: takeParameters() });
    checkLimit("answer", message, maxPayloadBytes);
    return new LazyMessage(message);
  }
  // The head alone depends on the parameters: what follows it is copied behind the room left for it.
  const tail = split(encode(response), headParts).tail;
  checkLimit("answer", tail, maxPayloadBytes);
  const buffer = Buffer.allocUnsafe(HEAD_BYTES + tail.byteLength);
  writeParts(tail, buffer, HEAD_BYTES);
  const message = encode({ ...response, parameters: takeParameters() });
  checkLimit("answer", message, maxPayloadBytes);
  const { head } = split(message, headParts);
  if (head.byteLength > HEAD_BYTES) return plainMessage(message);
  const start = HEAD_BYTES - head.byteLength;
  writeParts(head, buffer, start);
  return buffer.subarray(start);
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

function split(
  { byteLength, parts }: WireMessage,
  headParts: number,
): { readonly head: WireMessage; readonly tail: WireMessage } {
  const head = parts.slice(0, headParts);
  const headBytes = head.reduce((sum, part) => sum + part.byteLength, 0);
  return {
    head: { byteLength: headBytes, parts: head },
    tail: { byteLength: byteLength - headBytes, parts: parts.slice(headParts) },
  };
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
