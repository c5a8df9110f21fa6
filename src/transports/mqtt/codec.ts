import { TransportError } from "../../core/errors.ts";
import type { InferResponse } from "../../core/inference.ts";
import type { ModelMetadata, ServerMetadata } from "../../core/metadata.ts";
import { encodeInferResponse, type WireMessage } from "../../core/oip/protobuf.ts";
import { MESSAGE, type Parameters, STATUS } from "../../core/parameters.ts";
import { isFailureStatus } from "../../core/status.ts";

/** Content Types of the payloads (MQTT 5). */
export const REQUEST_CONTENT_TYPE = "application/x-protobuf; messageType=inference.ModelInferRequest";
export const RESPONSE_CONTENT_TYPE = "application/x-protobuf; messageType=inference.ModelInferResponse";

/** What a server says of itself in its retained status. */
export interface ServerStatus {
  /** Somebody is there and answers what it has taken. */
  readonly live: boolean;
  /** New requests are taken. */
  readonly ready: boolean;
}

/** The will, and the last word of a server that closes. */
export const DEAD: ServerStatus = { live: false, ready: false };

export function encodeJson(value: ServerStatus | ServerMetadata | ModelMetadata): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** Reads retained JSON that anyone may have written; `undefined` for bytes that are no JSON object. */
export function decodeJson(payload: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(payload).toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** A failure as it travels over MQTT: a response without outputs, its parameters hold the status and the text. */
export function encodeFailure(
  failure: TransportError,
  { modelName, id, parameters }: { modelName: string; id: string; parameters?: Parameters | undefined },
): WireMessage {
  return encodeInferResponse({
    modelName,
    modelVersion: "",
    id,
    parameters: { ...parameters, [STATUS]: failure.status, [MESSAGE]: failure.message },
    outputs: [],
  });
}

/** The failure that a response carries; `undefined` for an answer. */
export function failureOf({ parameters }: InferResponse): TransportError | undefined {
  const status = parameters?.[STATUS];
  if (status === undefined) return undefined;
  const message = parameters?.[MESSAGE];
  return new TransportError(
    isFailureStatus(status) ? status : "UNKNOWN",
    typeof message === "string" ? message : `the server answered ${String(status)} without a message`,
  );
}
