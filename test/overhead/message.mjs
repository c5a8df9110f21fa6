// @ts-check

import { writeInferRequest, writeInferResponse, writeOutputs } from "../../dist/core/oip/json.js";
import { encodeInferRequest, encodeInferResponse, joinParts } from "../../dist/core/oip/protobuf.js";

/** The model that both clients ask: it answers one byte. */
export const MODEL = "null";
/** What a bare echo is called where a name is needed (MQTT's topics). */
export const ECHO = "echo";

/** Header of both directions over HTTP: bytes of the JSON part. */
export const HEADER_LENGTH = "inference-header-content-length";

/**
 * The request that all clients send: UINT8 `[bytes]`, named `input`.
 *
 * @param {number} bytes - of the tensor.
 * @param {string} id
 */
export function requestOf(bytes, id) {
  const data = new Uint8Array(bytes);
  // Untouched pages would all be one page of zeros that stays in the cache.
  for (let i = 0; i < bytes; i++) data[i] = (i * 31) & 0xff;
  return {
    modelName: MODEL,
    id,
    inputs: [{ name: "input", datatype: /** @type {const} */ ("UINT8"), shape: [bytes], data }],
  };
}

/** What a bare echo answers, like the server's: one byte, with marks. */
const ANSWER = {
  modelName: MODEL,
  modelVersion: "1",
  id: "echo-1",
  parameters: {
    wirebench_queue_ns: 1_000,
    wirebench_infer_ns: 500,
    wirebench_decode_ns: 20_000,
    wirebench_encode_ns: 10_000,
    wirebench_in_ns: 1_000_000_000_000,
    wirebench_out_ns: 1_000_000_100_000,
    wirebench_boot_id: "00000000-0000-0000-0000-000000000000",
  },
  outputs: [
    { name: "output", datatype: /** @type {const} */ ("UINT8"), shape: [1], data: new Uint8Array(1) },
  ],
};

/** The request as protobuf, in one piece. @param {number} bytes @param {string} id */
export function protobufRequest(bytes, id) {
  return bufferOf(joinParts(encodeInferRequest(requestOf(bytes, id))));
}

/** The echo's answer as protobuf. */
export function protobufAnswer() {
  return bufferOf(joinParts(encodeInferResponse(ANSWER)));
}

/** The request as a V2 body with the binary extension, in one piece. @param {number} bytes @param {string} id */
export function httpRequest(bytes, id) {
  return httpMessage(writeInferRequest(requestOf(bytes, id), "binary"));
}

/** The echo's answer in the same form. */
export function httpAnswer() {
  return httpMessage(
    writeInferResponse(
      ANSWER,
      writeOutputs(ANSWER.outputs, () => true),
    ),
  );
}

/** @param {import("../../dist/core/oip/json.js").WrittenBody} written */
function httpMessage({ parts, totalBytes, headerBytes }) {
  return {
    body: Buffer.concat(parts, totalBytes),
    headers: {
      "content-type": "application/octet-stream",
      "content-length": String(totalBytes),
      [HEADER_LENGTH]: String(headerBytes),
    },
  };
}

/** @param {Uint8Array} bytes */
function bufferOf(bytes) {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
