import { TransportError } from "../../core/errors.ts";
import type { InferRequest, InferResponse } from "../../core/inference.ts";
import type { Tensor } from "../../core/tensor.ts";

/** Bytes of the tensors: in process there is nothing else that travels. */
export function payloadBytes(tensors: readonly Tensor[]): number {
  let bytes = 0;
  for (const { data } of tensors) bytes += data.byteLength;
  return bytes;
}

/**
 * The request with bytes of its own, each tensor in an ArrayBuffer that it fills, so that the core can own and move
 * them. This copy is what encoding is to the other transports.
 */
export function copyRequest(request: InferRequest): InferRequest {
  const inputs = request.inputs.map((input) => ({ ...input, data: new Uint8Array(input.data) }));
  return { ...request, inputs };
}

/** The response as it would come off a wire. */
export function withoutMark({
  modelName,
  modelVersion,
  id,
  parameters,
  outputs,
}: InferResponse): InferResponse {
  return { modelName, modelVersion, id, parameters, outputs };
}

/** The error of a message over the limit; undefined where it is not. */
export function overLimit(
  what: "request" | "answer",
  bytes: number,
  maxPayloadBytes: number,
): TransportError | undefined {
  if (bytes <= maxPayloadBytes) return undefined;
  return new TransportError(
    "RESOURCE_EXHAUSTED",
    `the ${what} of ${bytes} bytes is over the limit of ${maxPayloadBytes} bytes`,
  );
}
