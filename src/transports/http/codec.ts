import type { InferRequest, InferResponse } from "../../core/inference.ts";
import { parseInferResponse, type WrittenBody, writeInferRequest } from "../../core/oip/json.ts";
import type { Encoding } from "../../core/transport.ts";

/** Header of both directions: bytes of the JSON part; absent when all of the body is JSON. */
export const HEADER_LENGTH = "inference-header-content-length";
export const JSON_TYPE = "application/json";
export const BINARY_TYPE = "application/octet-stream";

/** Bodies up to this size are joined: one write costs less than the copy; beyond, parts go out one after another. */
const JOINED_BYTES = 65_536;

/** An encoded request, ready for the client library. */
export interface EncodedRequest {
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly parts: readonly Uint8Array[];
  readonly totalBytes: number;
}

/** The path of a model, below the server's root. */
export function modelPath(modelName: string, modelVersion?: string): string {
  const version = modelVersion === undefined ? "" : `/versions/${encodeURIComponent(modelVersion)}`;
  return `/v2/models/${encodeURIComponent(modelName)}${version}`;
}

/** @throws {TransportError} INVALID_ARGUMENT for a tensor that cannot travel in this encoding. */
export function encodeRequest(request: InferRequest, encoding: Encoding): EncodedRequest {
  const isJson = encoding === "json";
  const body = writeInferRequest(request, isJson ? "json" : "binary");
  return {
    path: `${modelPath(request.modelName, request.modelVersion)}/infer`,
    headers: [
      "content-type",
      isJson ? JSON_TYPE : BINARY_TYPE,
      ...(isJson ? [] : [HEADER_LENGTH, String(body.headerBytes)]),
      "content-length",
      String(body.totalBytes),
    ],
    parts: compact(body),
    totalBytes: body.totalBytes,
  };
}

/** @throws {TransportError} INTERNAL when the answer is malformed. */
export function decodeResponse(body: Uint8Array, headerLength: unknown): InferResponse {
  return parseInferResponse(body, headerLengthOf(headerLength));
}

/** The value of {@link HEADER_LENGTH}; `undefined` when absent, NaN (which no reader accepts) when it is no number. */
export function headerLengthOf(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  return typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
}

/** The parts of a body, joined into one where that is cheaper than several writes. */
export function compact({ parts, totalBytes }: WrittenBody): readonly Uint8Array[] {
  return totalBytes <= JOINED_BYTES && parts.length > 1 ? [Buffer.concat(parts, totalBytes)] : parts;
}
