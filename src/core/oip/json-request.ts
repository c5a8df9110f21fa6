import type { InferRequest, RequestedOutput } from "../inference.ts";
import type { Tensor } from "../tensor.ts";
import {
  BINARY_DATA,
  BINARY_DATA_OUTPUT,
  BinaryPart,
  type BinaryPreference,
  checkHeaderBytes,
  withoutParameter,
} from "./binary.ts";
import {
  arrayOf,
  flagOf,
  malformed,
  objectOf,
  optional,
  parametersOf,
  parseJsonObject,
  textOf,
} from "./json-fields.ts";
import { bodyOf, readTensor, type WrittenBody, writeTensors } from "./json-tensors.ts";
import { encodeText } from "./json-text.ts";
import { refuseSharedMemory } from "./shared-memory.ts";

/** An infer request of the V2 REST protocol, taken apart. Plain data. */
export interface ParsedInferRequest {
  /** Its tensors are views into the body (binary) or new (JSON); parameters of the wire form are taken out. */
  readonly request: InferRequest;
  readonly binaryOutputs: BinaryPreference;
}

/**
 * Reads the body of `POST …/infer`.
 *
 * @param context - the model that the path names; `headerBytes`: `Inference-Header-Content-Length`, else the length of the body.
 * @throws {TransportError} INVALID_ARGUMENT for anything malformed, on one line; UNIMPLEMENTED for shared memory.
 */
export function parseInferRequest(
  body: Uint8Array,
  context: {
    readonly modelName: string;
    readonly modelVersion?: string | undefined;
    readonly headerBytes: number;
  },
): ParsedInferRequest {
  checkHeaderBytes(context.headerBytes, body.byteLength);
  const fields = parseJsonObject(body.subarray(0, context.headerBytes), "the request", "inputs");
  const binary = new BinaryPart(body, context.headerBytes);
  const inputs = arrayOf(fields["inputs"], "inputs").map((input, i) =>
    readTensor(input, `inputs[${i}]`, binary),
  );
  binary.end();
  refuseTwice(inputs);
  const parameters = parametersOf(optional(fields, "parameters"), "parameters");
  const id = optional(fields, "id");
  const requested = optional(fields, "outputs");
  const byName = new Map<string, boolean>();
  const outputs =
    requested === undefined
      ? []
      : arrayOf(requested, "outputs").map((output, i) =>
          readRequestedOutput(output, `outputs[${i}]`, byName),
        );
  return {
    request: {
      modelName: context.modelName,
      modelVersion: context.modelVersion,
      id: id === undefined ? "" : textOf(id, "id"),
      parameters: withoutParameter(parameters, BINARY_DATA_OUTPUT),
      inputs,
      // As over gRPC, where a list that is empty and one that is not there are the same.
      outputs: outputs.length === 0 ? undefined : outputs,
    },
    binaryOutputs: { byDefault: flagOf(parameters, BINARY_DATA_OUTPUT, "parameters") ?? false, byName },
  };
}

/**
 * Writes an infer request.
 *
 * @param encoding - `json`: numbers both ways; `binary`: raw tensors both ways (every output is asked for as binary
 * unless its own `binary_data` says otherwise).
 * @throws {TransportError} INVALID_ARGUMENT for a tensor that cannot be written as JSON.
 */
export function writeInferRequest(request: InferRequest, encoding: "json" | "binary"): WrittenBody {
  const isBinary = encoding === "binary";
  const outputs = request.outputs?.map(({ name, parameters }) => ({
    name,
    parameters: isBinary ? { [BINARY_DATA]: true, ...parameters } : parameters,
  }));
  const parameters =
    isBinary && outputs === undefined
      ? { [BINARY_DATA_OUTPUT]: true, ...request.parameters }
      : request.parameters;
  const binary: Uint8Array[] = [];
  const pieces = [
    "{",
    ...(request.id === "" ? [] : [`"id":${JSON.stringify(request.id)},`]),
    ...(parameters === undefined ? [] : [`"parameters":${JSON.stringify(parameters)},`]),
    '"inputs":',
    ...writeTensors(request.inputs, () => isBinary, binary),
    ...(outputs === undefined ? [] : [`,"outputs":${JSON.stringify(outputs)}`]),
    "}",
  ];
  return bodyOf([encodeText(pieces)], binary);
}

function refuseTwice(inputs: readonly Tensor[]): void {
  const names = new Set<string>();
  for (const { name } of inputs) {
    if (names.has(name)) throw malformed(`input '${name}' is in the request twice`);
    names.add(name);
  }
}

function readRequestedOutput(value: unknown, where: string, byName: Map<string, boolean>): RequestedOutput {
  const fields = objectOf(value, where);
  const name = textOf(fields["name"], `${where}.name`);
  const parameters = parametersOf(optional(fields, "parameters"), `output '${name}': parameters`);
  refuseSharedMemory(parameters, name);
  const wanted = flagOf(parameters, BINARY_DATA, `output '${name}': parameters`);
  if (wanted !== undefined) byName.set(name, wanted);
  return { name, parameters: withoutParameter(parameters, BINARY_DATA) };
}
