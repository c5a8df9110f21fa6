import type { InferResponse } from "../inference.ts";
import { decodeInferResponse } from "./protobuf-decode.ts";
import type { WireMessage } from "./protobuf-message.ts";
import { ProtobufReader } from "./protobuf-reader.ts";
import { LENGTH_DELIMITED, ProtobufWriter } from "./protobuf-writer.ts";

/** One answer on a stream: a response, or why there is none (its response then tells the id only). */
export interface StreamAnswer {
  /** Empty: the request succeeded. */
  readonly errorMessage: string;
  readonly response: InferResponse | undefined;
}

const ERROR_MESSAGE = 1;
const INFER_RESPONSE = 2;

const writer = new ProtobufWriter();

/**
 * Encodes `inference.ModelStreamInferResponse` around an encoded `ModelInferResponse`, whose parts are not copied.
 *
 * @param errorMessage - empty: the request succeeded.
 */
export function encodeStreamAnswer(response: WireMessage, errorMessage = ""): WireMessage {
  writer.reset();
  if (errorMessage !== "") writer.text(ERROR_MESSAGE, errorMessage);
  writer.tag(INFER_RESPONSE, LENGTH_DELIMITED);
  writer.varint(response.byteLength);
  const head = writer.take();
  return { byteLength: head.byteLength + response.byteLength, parts: [head, ...response.parts] };
}

/**
 * Decodes `inference.ModelStreamInferResponse`; tensors are views into `bytes`.
 *
 * @throws {TransportError} INVALID_ARGUMENT for malformed bytes.
 */
export function decodeStreamAnswer(bytes: Uint8Array): StreamAnswer {
  const reader = new ProtobufReader(bytes);
  let errorMessage = "";
  let response: InferResponse | undefined;
  while (reader.next()) {
    if (reader.is(ERROR_MESSAGE, LENGTH_DELIMITED)) errorMessage = reader.text();
    else if (reader.is(INFER_RESPONSE, LENGTH_DELIMITED)) response = decodeInferResponse(reader.view());
    else reader.skip();
  }
  return { errorMessage, response };
}
