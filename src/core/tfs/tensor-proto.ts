import { TransportError } from "../errors.ts";
import type { WireMessage } from "../oip/protobuf-message.ts";
import type { ProtobufReader } from "../oip/protobuf-reader.ts";
import { LENGTH_DELIMITED, ProtobufWriter, VARINT } from "../oip/protobuf-writer.ts";
import { DATATYPE_BYTES, elementCount, MOST_DIMENSIONS, type Tensor } from "../tensor.ts";
import { datatypeOfNumber, tensorflowType } from "./data-type.ts";
import type { TensorForm } from "./envelope.ts";
import { readTypedValues } from "./read-tensor-values.ts";
import { valueList, writeTypedValues } from "./tensor-values.ts";

const TENSOR_CONTENT = 4;
const writer = new ProtobufWriter();

/**
 * Encodes a `tensorflow.TensorProto`. FP32, FP64 and BOOL have the same bytes in both forms and are parts by reference.
 *
 * @param form - `typed` fills `float_val` and the like; strings have no other form.
 */
export function encodeTensorProto(tensor: Tensor, form: TensorForm): WireMessage {
  const { datatype, shape, data } = tensor;
  writer.reset();
  writer.tag(1, VARINT);
  writer.varint(tensorflowType(datatype).number);
  const dims = writer.begin(2);
  for (const size of shape) {
    const dim = writer.begin(2);
    if (size > 0) {
      writer.tag(1, VARINT);
      writer.varint(size);
    }
    writer.end(dim);
  }
  writer.end(dims);
  const isTyped = form === "typed" || datatype === "BYTES";
  const content = isTyped ? writeTypedValues(tensor) : data;
  if (content.byteLength === 0) return messageOf([writer.take()]);
  // Every element of a list of strings has its own tag.
  if (datatype !== "BYTES") {
    writer.varint(((isTyped ? valueList(datatype).field : TENSOR_CONTENT) << 3) | LENGTH_DELIMITED);
    writer.varint(content.byteLength);
  }
  return messageOf([writer.take(), content]);
}

/** The concatenation of parts. */
export function messageOf(parts: readonly Uint8Array[]): WireMessage {
  let byteLength = 0;
  for (const part of parts) byteLength += part.byteLength;
  return { byteLength, parts };
}

/**
 * Reads a `tensorflow.TensorProto` on whose length the reader stands. `tensor_content` becomes a view; lists of values
 * become new bytes: as in TensorFlow a list that is too short goes on with its last value, and an empty one means zeros.
 *
 * @param maxBytes - more than the tensor may have: a shape and one value are enough to ask for any amount of memory.
 * @throws {TransportError} INVALID_ARGUMENT for contents that do not fit, RESOURCE_EXHAUSTED over the limit.
 */
export function readTensorProto(reader: ProtobufReader, name: string, maxBytes: number): Tensor {
  let type = 0;
  const shape: number[] = [];
  let content: Uint8Array | undefined;
  const outer = reader.enter();
  const from = reader.at;
  while (reader.next()) {
    if (reader.is(1, VARINT)) type = reader.uint64();
    else if (reader.is(2, LENGTH_DELIMITED)) readShape(reader, name, shape);
    else if (reader.is(TENSOR_CONTENT, LENGTH_DELIMITED)) content = reader.view();
    // Lists of values, too: what they are is known when all has been seen.
    else reader.skip();
  }
  const datatype = datatypeOfNumber(type);
  if (datatype === undefined) {
    throw unfit(name, `TensorFlow's type ${type} cannot be served`);
  }
  const elements = elementCount(shape);
  const expectedBytes = elements * DATATYPE_BYTES[datatype];
  // So that what is not a number is over it, too.
  if (!(expectedBytes <= maxBytes && elements <= maxBytes)) {
    throw new TransportError(
      "RESOURCE_EXHAUSTED",
      `input '${name}': the shape [${shape}] is over the limit of ${maxBytes} bytes`,
    );
  }
  let data: Uint8Array;
  if (content !== undefined && content.byteLength > 0) {
    if (datatype === "BYTES") throw unfit(name, "strings travel in string_val, not in tensor_content");
    if (content.byteLength !== expectedBytes) {
      throw unfit(
        name,
        `expected ${expectedBytes} bytes of tensor_content for [${shape}], got ${content.byteLength}`,
      );
    }
    data = content;
  } else {
    data = readTypedValues(reader, from, { name, datatype, elements, maxBytes });
  }
  reader.leave(outer);
  return { name, datatype, shape, data };
}

/** Adds the dimensions to `shape`: a message that comes twice is merged. */
function readShape(reader: ProtobufReader, name: string, shape: number[]): void {
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.is(2, LENGTH_DELIMITED)) {
      let size = 0;
      const dim = reader.enter();
      while (reader.next()) {
        if (reader.is(1, VARINT)) size = reader.int64();
        else reader.skip();
      }
      reader.leave(dim);
      if (size < 0 || !Number.isSafeInteger(size)) throw unfit(name, `its shape has the size ${size}`);
      if (shape.length >= MOST_DIMENSIONS)
        throw unfit(name, `its shape has more than ${MOST_DIMENSIONS} sizes`);
      shape.push(size);
    } else if (reader.is(3, VARINT)) {
      reader.varint();
      if (reader.low !== 0) throw unfit(name, "its rank is unknown");
    } else reader.skip();
  }
  reader.leave(outer);
}

/** The error of a tensor that is none; its text begins as TensorFlow Serving's. */
export function unfit(name: string, why: string): TransportError {
  return new TransportError("INVALID_ARGUMENT", `tensor parsing error: ${name}: ${why}`);
}
