/** The JSON bodies of the V2 REST protocol of the Open Inference Protocol, with the binary tensor extension. */
export type { ParsedInferRequest } from "./json-request.ts";
export { parseInferRequest, writeInferRequest } from "./json-request.ts";
export type { WrittenOutputs } from "./json-response.ts";
export { parseInferResponse, writeInferResponse, writeOutputs } from "./json-response.ts";
export type { WrittenBody } from "./json-tensors.ts";
