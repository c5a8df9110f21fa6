import { TransportError } from "../errors.ts";
import type { InferRequest, InferResponse } from "../inference.ts";
import type { WireMessage } from "../oip/protobuf-message.ts";
import { malformed, ProtobufReader } from "../oip/protobuf-reader.ts";
import { LENGTH_DELIMITED, ProtobufWriter, VARINT } from "../oip/protobuf-writer.ts";
import { MOST_TENSORS, type Tensor } from "../tensor.ts";
import type { TensorForm } from "./envelope.ts";
import { SIGNATURE_NAME } from "./json-predict.ts";
import { encodeTensorProto, messageOf, readTensorProto } from "./tensor-proto.ts";

/** `tensorflow.serving.ModelSpec`, the version as a text; at most one of version and label is there. */
export interface ModelSpec {
  readonly name: string;
  readonly version?: string | undefined;
  readonly label?: string | undefined;
  /** Empty: the default. */
  readonly signatureName: string;
}

/** `tensorflow.serving.PredictRequest`. */
export interface PredictRequest {
  readonly modelSpec: ModelSpec;
  /** In the order of the message. */
  readonly inputs: readonly Tensor[];
  /** Names of the wanted outputs; empty: all. */
  readonly outputFilter: readonly string[];
}

/** `tensorflow.serving.PredictResponse`. */
export interface PredictResponse {
  readonly modelSpec: ModelSpec;
  readonly outputs: readonly Tensor[];
}

const writer = new ProtobufWriter();

/** Encodes a `PredictRequest`: tensors in `tensor_content`, by reference; ascending field order. */
export function encodePredictRequest({
  modelName,
  modelVersion,
  inputs,
  outputs,
}: InferRequest): WireMessage {
  const parts: Uint8Array[] = [encodeSpec(1, modelName, modelVersion)];
  for (const input of inputs) addEntry(parts, 2, input, "tensor_content");
  writer.reset();
  for (const { name } of outputs ?? []) writer.text(3, name);
  parts.push(writer.take());
  return messageOf(parts);
}

/** Encodes a `PredictResponse`; the parts refer to the tensors' bytes where their form on the wire is the same. */
export function encodePredictResponse(
  { modelName, modelVersion, outputs }: InferResponse,
  form: TensorForm,
): WireMessage {
  const parts: Uint8Array[] = [];
  for (const output of outputs) addEntry(parts, 1, output, form);
  parts.push(encodeSpec(2, modelName, modelVersion));
  return messageOf(parts);
}

/**
 * Decodes a `PredictRequest`; `tensor_content` becomes views into `bytes`.
 *
 * @param maxBytes - the most that one tensor may have.
 * @throws {TransportError} INVALID_ARGUMENT for malformed bytes and contents that do not fit, RESOURCE_EXHAUSTED.
 */
export function decodePredictRequest(bytes: Uint8Array, maxBytes: number): PredictRequest {
  const { modelSpec, tensors, texts } = readMessage(bytes, maxBytes, { spec: 1, tensors: 2, texts: 3 });
  return { modelSpec, inputs: tensors, outputFilter: texts };
}

/** Decodes a `PredictResponse`, typed or raw, in the same way. */
export function decodePredictResponse(bytes: Uint8Array, maxBytes: number): PredictResponse {
  const { modelSpec, tensors } = readMessage(bytes, maxBytes, { spec: 2, tensors: 1, texts: 0 });
  return { modelSpec, outputs: tensors };
}

function encodeSpec(field: number, name: string, version: string | undefined): Uint8Array {
  writer.reset();
  const spec = writer.begin(field);
  if (name !== "") writer.text(1, name);
  if (version !== undefined && version !== "") {
    if (!/^\d{1,15}$/.test(version)) {
      throw new TransportError("INVALID_ARGUMENT", `a version must be a number here, got '${version}'`);
    }
    const wrapped = writer.begin(2);
    if (Number(version) > 0) {
      writer.tag(1, VARINT);
      writer.varint(Number(version));
    }
    writer.end(wrapped);
  }
  writer.text(3, SIGNATURE_NAME);
  writer.end(spec);
  return writer.take();
}

/** An entry of a `map<string, TensorProto>`: key 1, value 2. */
function addEntry(parts: Uint8Array[], field: number, tensor: Tensor, form: TensorForm): void {
  const value = encodeTensorProto(tensor, form);
  writer.reset();
  writer.text(1, tensor.name);
  writer.tag(2, LENGTH_DELIMITED);
  writer.varint(value.byteLength);
  const key = writer.take();
  writer.tag(field, LENGTH_DELIMITED);
  writer.varint(key.byteLength + value.byteLength);
  parts.push(writer.take(), key, ...value.parts);
}

interface PredictMessage {
  readonly modelSpec: ModelSpec;
  readonly tensors: readonly Tensor[];
  readonly texts: readonly string[];
}

/** What all tensors of a message may still have together. */
interface Budget {
  leftBytes: number;
}

function readMessage(
  bytes: Uint8Array,
  maxBytes: number,
  fields: { readonly spec: number; readonly tensors: number; readonly texts: number },
): PredictMessage {
  const reader = new ProtobufReader(bytes);
  const budget: Budget = { leftBytes: maxBytes };
  const tensors = new Map<string, Tensor>();
  const texts: string[] = [];
  let modelSpec: ModelSpec = { name: "", signatureName: "" };
  while (reader.next()) {
    if (reader.is(fields.spec, LENGTH_DELIMITED)) modelSpec = readSpec(reader);
    else if (reader.is(fields.tensors, LENGTH_DELIMITED)) {
      const tensor = readEntry(reader, budget);
      // As in every protobuf map, the last one counts.
      tensors.delete(tensor.name);
      tensors.set(tensor.name, tensor);
    } else if (reader.is(fields.texts, LENGTH_DELIMITED)) texts.push(reader.text());
    else reader.skip();
    if (tensors.size > MOST_TENSORS || texts.length > MOST_TENSORS)
      throw malformed(`it has more than ${MOST_TENSORS} tensors or names of them`);
  }
  return { modelSpec, tensors: [...tensors.values()], texts };
}

function readEntry(reader: ProtobufReader, budget: Budget): Tensor {
  let name = "";
  let tensor: Tensor | undefined;
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.is(1, LENGTH_DELIMITED)) name = reader.text();
    else if (reader.is(2, LENGTH_DELIMITED)) {
      tensor = readTensorProto(reader, name, budget.leftBytes);
      budget.leftBytes -= tensor.data.byteLength;
    } else reader.skip();
  }
  reader.leave(outer);
  if (tensor === undefined) {
    throw new TransportError("INVALID_ARGUMENT", `tensor parsing error: ${name}: it is empty`);
  }
  return { ...tensor, name };
}

function readSpec(reader: ProtobufReader): ModelSpec {
  let name = "";
  let signatureName = "";
  let version: string | undefined;
  let label: string | undefined;
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.is(1, LENGTH_DELIMITED)) name = reader.text();
    else if (reader.is(2, LENGTH_DELIMITED)) {
      version = "0";
      const wrapped = reader.enter();
      while (reader.next()) {
        if (reader.is(1, VARINT)) version = String(reader.int64());
        else reader.skip();
      }
      reader.leave(wrapped);
    } else if (reader.is(3, LENGTH_DELIMITED)) signatureName = reader.text();
    else if (reader.is(4, LENGTH_DELIMITED)) label = reader.text();
    else reader.skip();
  }
  reader.leave(outer);
  return { name, signatureName, version, label };
}
