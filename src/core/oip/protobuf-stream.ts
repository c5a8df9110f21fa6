import type { WireMessage } from "./protobuf-message.ts";
import { LENGTH_DELIMITED, ProtobufWriter } from "./protobuf-writer.ts";

const ERROR_MESSAGE = 1;
const INFER_RESPONSE = 2;

const writer = new ProtobufWriter();

/**
 * Encodes `inference.ModelStreamInferResponse` around an encoded `ModelInferResponse`, whose parts are not copied.
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
