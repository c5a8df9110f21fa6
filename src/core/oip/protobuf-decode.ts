import { TransportError } from "../errors.ts";
import type { InferRequest, InferResponse, RequestedOutput } from "../inference.ts";
import type { ParameterValue } from "../parameters.ts";
import {
  checkTensor,
  type Datatype,
  elementCount,
  isDatatype,
  MOST_DIMENSIONS,
  MOST_TENSORS,
  type Tensor,
} from "../tensor.ts";
import { readTypedContents } from "./protobuf-contents.ts";
import { readParameter } from "./protobuf-parameters.ts";
import { malformed, ProtobufReader } from "./protobuf-reader.ts";
import { LENGTH_DELIMITED, VARINT } from "./protobuf-writer.ts";
import { refuseSharedMemory } from "./shared-memory.ts";

/** The most messages of contents of one tensor, which count as one. */
const MOST_CONTENTS = 100;

type MutableParameters = Record<string, ParameterValue>;

/** A tensor as the message describes it, before its bytes are found. */
interface TensorHead {
  name: string;
  datatype: string;
  readonly shape: number[];
  parameters: MutableParameters | undefined;
  /** Start and end of the typed contents, where there are any. */
  contents: [number, number][] | undefined;
}

/** What requests and responses have in common. */
interface InferMessage {
  modelName: string;
  modelVersion: string;
  id: string;
  parameters: MutableParameters | undefined;
  readonly tensors: TensorHead[];
  readonly outputs: RequestedOutput[];
  readonly raw: Uint8Array[];
}

/**
 * Decodes `inference.ModelInferRequest`. Raw tensors are views into `bytes`; typed contents become new bytes of the
 * raw form. Unknown fields are passed over.
 *
 * @throws {TransportError} INVALID_ARGUMENT for malformed bytes and for contents that do not fit their tensors;
 * UNIMPLEMENTED for shared memory.
 */
export function decodeInferRequest(bytes: Uint8Array): InferRequest {
  const reader = new ProtobufReader(bytes);
  const message = readMessage(reader, { requestedOutputs: 6, raw: 7 });
  return {
    modelName: message.modelName,
    modelVersion: message.modelVersion === "" ? undefined : message.modelVersion,
    id: message.id,
    parameters: message.parameters,
    inputs: withContents(reader, message, "raw_input_contents"),
    outputs: message.outputs.length === 0 ? undefined : message.outputs,
  };
}

/**
 * Decodes `inference.ModelInferResponse`, in the same way.
 *
 * @throws {TransportError} INVALID_ARGUMENT and UNIMPLEMENTED, as above.
 */
export function decodeInferResponse(bytes: Uint8Array): InferResponse {
  const reader = new ProtobufReader(bytes);
  const message = readMessage(reader, { requestedOutputs: 0, raw: 6 });
  return {
    modelName: message.modelName,
    modelVersion: message.modelVersion,
    id: message.id,
    parameters: message.parameters,
    outputs: withContents(reader, message, "raw_output_contents"),
  };
}

function readMessage(
  reader: ProtobufReader,
  fields: { readonly requestedOutputs: number; readonly raw: number },
): InferMessage {
  const message: InferMessage = {
    modelName: "",
    modelVersion: "",
    id: "",
    parameters: undefined,
    tensors: [],
    outputs: [],
    raw: [],
  };
  while (reader.next()) {
    const { field } = reader;
    if (reader.wireType !== LENGTH_DELIMITED) reader.skip();
    else if (field === 1) message.modelName = reader.text();
    else if (field === 2) message.modelVersion = reader.text();
    else if (field === 3) message.id = reader.text();
    else if (field === 4) {
      message.parameters ??= {};
      readParameter(reader, message.parameters);
    } else if (field === 5) {
      checkCount(message.tensors, MOST_TENSORS, "tensors");
      message.tensors.push(readTensorHead(reader));
    } else if (field === fields.raw) {
      checkCount(message.raw, MOST_TENSORS, "raw contents");
      message.raw.push(reader.view());
    } else if (field === fields.requestedOutputs) {
      checkCount(message.outputs, MOST_TENSORS, "requested outputs");
      message.outputs.push(readRequestedOutput(reader));
    } else reader.skip();
  }
  return message;
}

function readTensorHead(reader: ProtobufReader): TensorHead {
  const head: TensorHead = { name: "", datatype: "", shape: [], parameters: undefined, contents: undefined };
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.is(1, LENGTH_DELIMITED)) head.name = reader.text();
    else if (reader.is(2, LENGTH_DELIMITED)) head.datatype = reader.text();
    else if (reader.is(3, LENGTH_DELIMITED)) {
      const list = reader.enter();
      while (reader.at < reader.limit) addSize(head, reader);
      reader.leave(list);
    } else if (reader.is(3, VARINT)) addSize(head, reader);
    else if (reader.is(4, LENGTH_DELIMITED)) {
      head.parameters ??= {};
      readParameter(reader, head.parameters);
    } else if (reader.is(5, LENGTH_DELIMITED)) {
      const length = reader.length();
      const start = reader.take(length);
      head.contents ??= [];
      checkCount(head.contents, MOST_CONTENTS, "contents of one tensor");
      head.contents.push([start, start + length]);
    } else reader.skip();
  }
  reader.leave(outer);
  // Here already: such a tensor has no contents, which would be said to be missing.
  refuseSharedMemory(head.parameters, head.name);
  return head;
}

function addSize({ shape }: TensorHead, reader: ProtobufReader): void {
  checkCount(shape, MOST_DIMENSIONS, "dimensions of one tensor");
  shape.push(reader.int64());
}

/** Before one more: two bytes of a message are enough for it. */
function checkCount(list: readonly unknown[], most: number, what: string): void {
  if (list.length >= most) throw malformed(`it has more than ${most} ${what}`);
}

function readRequestedOutput(reader: ProtobufReader): RequestedOutput {
  let name = "";
  let parameters: MutableParameters | undefined;
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.is(1, LENGTH_DELIMITED)) name = reader.text();
    else if (reader.is(2, LENGTH_DELIMITED)) {
      parameters ??= {};
      readParameter(reader, parameters);
    } else reader.skip();
  }
  reader.leave(outer);
  refuseSharedMemory(parameters, name);
  return { name, parameters };
}

/** Gives each tensor its bytes: all raw, in order, or all typed. */
function withContents(reader: ProtobufReader, message: InferMessage, rawField: string): Tensor[] {
  const { tensors, raw, modelName } = message;
  if (raw.length > 0) {
    // MLServer answers raw with an empty message of contents beside each tensor.
    const isTyped = ({ contents }: TensorHead): boolean =>
      contents !== undefined &&
      (rawField === "raw_input_contents" || contents.some(([start, end]) => end > start));
    const typed = tensors.find(isTyped);
    if (typed !== undefined) {
      throw new TransportError(
        "INVALID_ARGUMENT",
        `contents field must not be specified when using ${rawField} for '${typed.name}' for model '${modelName}'`,
      );
    }
    if (raw.length !== tensors.length) {
      throw new TransportError(
        "INVALID_ARGUMENT",
        `expected ${tensors.length} entries in ${rawField} for model '${modelName}', one for each tensor, got ${raw.length}`,
      );
    }
  }
  return tensors.map((head, index) => {
    const { name, shape, parameters } = head;
    const datatype = knownDatatype(head, modelName);
    const data = raw[index] ?? typedContents(reader, head, datatype, modelName);
    const tensor: Tensor = { name, datatype, shape, data, parameters };
    checkTensor(tensor);
    return tensor;
  });
}

function typedContents(
  reader: ProtobufReader,
  { name, shape, contents }: TensorHead,
  datatype: Datatype,
  model: string,
): Uint8Array {
  const elements = elementCount(shape);
  if (contents === undefined && elements !== 0) {
    throw new TransportError(
      "INVALID_ARGUMENT",
      `tensor '${name}' for model '${model}' has neither raw nor typed contents`,
    );
  }
  return readTypedContents(reader, contents ?? [], { tensor: name, model, datatype, elements });
}

function knownDatatype({ name, datatype }: TensorHead, model: string): Datatype {
  if (isDatatype(datatype)) return datatype;
  throw new TransportError(
    "INVALID_ARGUMENT",
    `tensor '${name}' for model '${model}' has the unknown datatype '${datatype}'`,
  );
}
