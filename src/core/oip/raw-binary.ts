import { TransportError } from "../errors.ts";
import type { ModelMetadata } from "../metadata.ts";
import { DATATYPE_BYTES, elementCount, packBytes } from "../tensor.ts";
import type { ParsedInferRequest } from "./json-request.ts";

/**
 * A "raw binary request" (`Inference-Header-Content-Length: 0`): the body is the one input's data and nothing else, a batch of 1
 * where the first dimension is a batch. At most one free dimension is taken from the number of bytes; BYTES are one element,
 * without its length prefix. Every output is wanted as binary.
 *
 * @param body - becomes the tensor's data (BYTES: a copy).
 * @param served - `maxBatchSize`: Triton's meaning, 0 when the first dimension is not a batch.
 * @throws {TransportError} INVALID_ARGUMENT for a model with several inputs or free dimensions, or a body that does not fit.
 * @see https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
 */
export function rawBinaryRequest(
  { name: modelName, inputs }: ModelMetadata,
  body: Uint8Array,
  {
    modelVersion,
    maxBatchSize,
  }: { readonly modelVersion?: string | undefined; readonly maxBatchSize: number },
): ParsedInferRequest {
  const refuse = (why: string): TransportError =>
    new TransportError("INVALID_ARGUMENT", `raw binary request for model '${modelName}': ${why}`);
  const [input] = inputs;
  if (input === undefined || inputs.length > 1) {
    throw refuse(`the model must have exactly one input, it has ${inputs.length}`);
  }
  const { name, datatype } = input;
  const request = (sent: readonly number[], data: Uint8Array): ParsedInferRequest => ({
    request: { modelName, modelVersion, id: "", inputs: [{ name, datatype, shape: sent, data }] },
    binaryOutputs: { byDefault: true, byName: new Map() },
  });
  const shape = maxBatchSize > 0 ? [1, ...input.shape.slice(1)] : input.shape;
  const free = shape.filter((size) => size < 0).length;
  if (free > 1) throw refuse(`its shape [${shape}] has more than one free dimension`);
  const fixed = elementCount(shape.map((size) => (size < 0 ? 1 : size)));
  if (datatype === "BYTES") {
    if (fixed !== 1) throw refuse(`one element does not fit the shape [${shape}]`);
    return request(
      shape.map((size) => Math.max(1, size)),
      packBytes([body]),
    );
  }
  const rows = body.byteLength / (fixed * DATATYPE_BYTES[datatype]);
  if (!Number.isInteger(rows) || (free === 0 && rows !== 1)) {
    throw refuse(`${body.byteLength} bytes do not fit ${datatype} of shape [${shape}]`);
  }
  return request(
    shape.map((size) => (size < 0 ? rows : size)),
    body,
  );
}
