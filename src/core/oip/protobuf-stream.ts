import type { WireMessage } from "./protobuf-message.ts";
import { ProtobufReader } from "./protobuf-reader.ts";
import { LENGTH_DELIMITED, ProtobufWriter } from "./protobuf-writer.ts";

const ERROR_MESSAGE = 1;
const INFER_RESPONSE = 2;

const writer = new ProtobufWriter();

/**
 * Encodes `inference.ModelStreamInferResponse` around an encoded `ModelInferResponse`, whose parts are not copied: one
 * part more stands before them.
 *
 * @param errorMessage - empty: the request succeeded; else the response tells which one failed.
 */
export function encodeStreamAnswer(response: WireMessage, errorMessage = ""): WireMessage {
  writer.reset();
  if (errorMessage !== "") writer.text(ERROR_MESSAGE, errorMessage);
  writer.tag(INFER_RESPONSE, LENGTH_DELIMITED);
  writer.varint(response.byteLength);
  const head = writer.take();
  return { byteLength: head.byteLength + response.byteLength, parts: [head, ...response.parts] };
}

/** The two parts of a `ModelStreamInferResponse`. */
export interface StreamAnswer {
  /** Empty: the request succeeded. */
  readonly errorMessage: string;
  /** The encoded `ModelInferResponse`, a view into the message; empty where there is none. */
  readonly response: Uint8Array;
}

/** Takes `inference.ModelStreamInferResponse` apart. @throws {TransportError} INVALID_ARGUMENT for malformed bytes. */
export function decodeStreamAnswer(bytes: Uint8Array): StreamAnswer {
  const reader = new ProtobufReader(bytes);
  let errorMessage = "";
  let response: Uint8Array = new Uint8Array();
  while (reader.next()) {
    if (reader.is(ERROR_MESSAGE, LENGTH_DELIMITED)) errorMessage = reader.text();
    else if (reader.is(INFER_RESPONSE, LENGTH_DELIMITED)) response = reader.view();
    else reader.skip();
  }
  return { errorMessage, response };
}
