import { TransportError } from "../errors.ts";
import type { InferResponse } from "../inference.ts";
import type { Parameters } from "../parameters.ts";
import type { Tensor } from "../tensor.ts";
import { BinaryPart, checkHeaderBytes } from "./binary.ts";
import { arrayOf, type JsonObject, objectOf, parametersOf, parseJsonObject, textOf } from "./json-fields.ts";
import { bodyOf, readTensor, type WrittenBody, writeTensors } from "./json-tensors.ts";
import { encodeText } from "./json-text.ts";

/** The `outputs` of an answer, written. */
export interface WrittenOutputs {
  /** The JSON array of the `outputs` member, UTF-8, in an ArrayBuffer of its own. */
  readonly json: Uint8Array;
  /** The data of the binary ones, in order: the tensors' own bytes. */
  readonly binary: readonly Uint8Array[];
}

/**
 * Writes the outputs of an answer: flat `data`, or `binary_data_size` and the bytes by reference.
 * NaN and infinities become texts (see `writeJsonData`).
 *
 * @throws {TransportError} INVALID_ARGUMENT for an output that cannot be written as JSON: FP16, BF16, BYTES that are not UTF-8.
 */
export function writeOutputs(
  outputs: readonly Tensor[],
  isBinary: (name: string) => boolean,
): WrittenOutputs {
  const binary: Uint8Array[] = [];
  return { json: encodeText(writeTensors(outputs, ({ name }) => isBinary(name), binary)), binary };
}

/**
 * Puts an answer together around its written outputs. The parameters come last in the JSON and may therefore hold a mark
 * taken after the outputs were written. An empty id is left out.
 */
export function writeInferResponse(
  head: {
    readonly modelName: string;
    readonly modelVersion: string;
    readonly id: string;
    readonly parameters?: Parameters | undefined;
  },
  outputs: WrittenOutputs,
): WrittenBody {
  const name = JSON.stringify(head.modelName);
  const version = JSON.stringify(head.modelVersion);
  const id = head.id === "" ? "" : `,"id":${JSON.stringify(head.id)}`;
  const parameters = head.parameters === undefined ? "" : `,"parameters":${JSON.stringify(head.parameters)}`;
  return bodyOf(
    [
      encodeText([`{"model_name":${name},"model_version":${version}${id},"outputs":`]),
      outputs.json,
      encodeText([`${parameters}}`]),
    ],
    outputs.binary,
  );
}

/**
 * Reads an infer response; its tensors are views into the body (binary) or new (JSON).
 *
 * @param headerBytes - `Inference-Header-Content-Length`; absent: the whole body is JSON.
 * @throws {TransportError} INTERNAL for anything malformed: it is the server's fault; RESOURCE_EXHAUSTED for JSON that is
 * longer than a string can be.
 */
export function parseInferResponse(body: Uint8Array, headerBytes?: number): InferResponse {
  try {
    const jsonBytes = headerBytes ?? body.byteLength;
    checkHeaderBytes(jsonBytes, body.byteLength);
    const fields = withoutNulls(parseJsonObject(body.subarray(0, jsonBytes), "the answer", "outputs"));
    const binary = new BinaryPart(body, jsonBytes);
    const outputs = arrayOf(fields["outputs"], "outputs").map((output, i) =>
      readTensor(withoutNulls(objectOf(output, `outputs[${i}]`)), `outputs[${i}]`, binary),
    );
    binary.end();
    return {
      modelName: textOf(fields["model_name"], "model_name"),
      modelVersion: textOf(fields["model_version"] ?? "", "model_version"),
      id: textOf(fields["id"] ?? "", "id"),
      parameters: parametersOf(fields["parameters"], "parameters"),
      outputs,
    };
  } catch (reason) {
    if (!(reason instanceof TransportError) || reason.status === "RESOURCE_EXHAUSTED") throw reason;
    throw new TransportError("INTERNAL", `the server's answer is malformed: ${reason.message}`, {
      cause: reason,
    });
  }
}

/**
 * Foreign servers write null where they have nothing to say, and nest objects in parameters: neither says anything here.
 */
function withoutNulls(fields: JsonObject): JsonObject {
  const { parameters } = fields;
  const inside = typeof parameters === "object" && parameters !== null ? parameters : {};
  const isNested = Object.values(inside).some((value) => typeof value === "object");
  if (!isNested && !Object.values(fields).includes(null)) return fields;
  const said = Object.entries(fields).filter(([, value]) => value !== null);
  const scalars = Object.entries(inside).filter(([, value]) => typeof value !== "object");
  return Object.fromEntries([...said, ["parameters", Object.fromEntries(scalars)]]);
}
