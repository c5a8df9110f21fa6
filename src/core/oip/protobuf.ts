/** The protobuf messages of the Open Inference Protocol (package `inference`), written and read by hand. */
export { decodeInferRequest, decodeInferResponse } from "./protobuf-decode.ts";
export { encodeInferRequest, encodeInferResponse } from "./protobuf-encode.ts";
export { joinParts, type WireMessage, writeParts } from "./protobuf-message.ts";
