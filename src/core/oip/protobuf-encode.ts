import type { InferRequest, InferResponse, RequestedOutput } from "../inference.ts";
import type { Parameters, ParameterValue } from "../parameters.ts";
import type { Tensor } from "../tensor.ts";
import type { WireMessage } from "./protobuf-message.ts";
import { FIXED64, LENGTH_DELIMITED, ProtobufWriter, VARINT } from "./protobuf-writer.ts";

/** Encoding never waits, so one writer serves every message. */
const writer = new ProtobufWriter();

/**
 * Encodes `inference.ModelInferRequest`: ascending field order, tensors always in `raw_input_contents`, last. The
 * parts refer to the tensors' bytes, which must not change before the message was written.
 *
 * Integer parameters travel as `int64_param`, other numbers as `double_param`.
 */
export function encodeInferRequest(request: InferRequest): WireMessage {
  writer.reset();
  writeHead(request.modelName, request.modelVersion ?? "", request.id);
  writeParameters(4, request.parameters);
  for (const input of request.inputs) writeTensor(input);
  if (request.outputs !== undefined) for (const output of request.outputs) writeRequestedOutput(output);
  return withRawContents(7, request.inputs);
}

/**
 * Encodes `inference.ModelInferResponse` in the same way, tensors in `raw_output_contents`. `finishedNs` is not on
 * the wire.
 */
export function encodeInferResponse(response: InferResponse): WireMessage {
  writer.reset();
  writeHead(response.modelName, response.modelVersion, response.id);
  writeParameters(4, response.parameters);
  for (const output of response.outputs) writeTensor(output);
  return withRawContents(6, response.outputs);
}

function writeHead(modelName: string, modelVersion: string, id: string): void {
  if (modelName !== "") writer.text(1, modelName);
  if (modelVersion !== "") writer.text(2, modelVersion);
  if (id !== "") writer.text(3, id);
}

function writeTensor({ name, datatype, shape, parameters }: Tensor): void {
  const start = writer.begin(5);
  if (name !== "") writer.text(1, name);
  writer.text(2, datatype);
  if (shape.length > 0) {
    const sizes = writer.begin(3);
    for (const size of shape) writer.varint(size);
    writer.end(sizes);
  }
  writeParameters(4, parameters);
  writer.end(start);
}

function writeRequestedOutput({ name, parameters }: RequestedOutput): void {
  const start = writer.begin(6);
  if (name !== "") writer.text(1, name);
  writeParameters(2, parameters);
  writer.end(start);
}

/** A `map<string, InferParameter>`: one entry message (key 1, value 2) for each. */
function writeParameters(field: number, parameters: Parameters | undefined): void {
  if (parameters === undefined) return;
  for (const key of Object.keys(parameters)) {
    const value = parameters[key];
    if (value === undefined) continue;
    const entry = writer.begin(field);
    writer.text(1, key);
    const choice = writer.begin(2);
    writeParameterValue(value);
    writer.end(choice);
    writer.end(entry);
  }
}

/** A member of a `oneof` is written even when it has its default value. */
function writeParameterValue(value: ParameterValue): void {
  if (typeof value === "boolean") {
    writer.tag(1, VARINT);
    writer.varint(value ? 1 : 0);
  } else if (typeof value === "string") {
    writer.text(3, value);
  } else if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
    writer.tag(2, VARINT);
    writer.varint(value);
  } else {
    writer.tag(4, FIXED64);
    writer.double(value);
  }
}

/** Ends the message: the head with the first tensor's tag and length, its bytes, the next one's tag and length, … */
function withRawContents(field: number, tensors: readonly Tensor[]): WireMessage {
  const parts: Uint8Array[] = [];
  let byteLength = 0;
  for (const { data } of tensors) {
    writer.tag(field, LENGTH_DELIMITED);
    writer.varint(data.byteLength);
    const head = writer.take();
    parts.push(head);
    byteLength += head.byteLength;
    if (data.byteLength > 0) parts.push(data);
    byteLength += data.byteLength;
  }
  if (tensors.length === 0) {
    const head = writer.take();
    parts.push(head);
    byteLength = head.byteLength;
  }
  return { byteLength, parts };
}
