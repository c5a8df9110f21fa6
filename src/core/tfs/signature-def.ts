import type { TensorMetadata } from "../metadata.ts";
import { ProtobufReader } from "../oip/protobuf-reader.ts";
import { LENGTH_DELIMITED, ProtobufWriter, VARINT } from "../oip/protobuf-writer.ts";
import { datatypeOfNumber, tensorflowType } from "./data-type.ts";
import { SIGNATURE_NAME } from "./json-predict.ts";

/** The type of the `Any` that holds a signature map. */
export const SIGNATURE_MAP_URL = "type.googleapis.com/tensorflow.serving.SignatureDefMap";
/** What a predict signature is for. */
export const PREDICT_METHOD = "tensorflow/serving/predict";

/** Inputs and outputs of a model. */
export interface Signature {
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
}

/** Encodes a `tensorflow.serving.SignatureDefMap` with the one signature `serving_default`. */
export function encodeSignatureMap({ inputs, outputs }: Signature): Uint8Array {
  const writer = new ProtobufWriter();
  const entry = writer.begin(1);
  writer.text(1, SIGNATURE_NAME);
  const definition = writer.begin(2);
  for (const input of inputs) writeInfo(writer, 1, input);
  for (const output of outputs) writeInfo(writer, 2, output);
  writer.text(3, PREDICT_METHOD);
  writer.end(definition);
  writer.end(entry);
  return writer.take();
}

/** The name of the graph's tensor behind a name of the signature. */
export function tensorNameOf(name: string): string {
  return `${name}:0`;
}

function writeInfo(writer: ProtobufWriter, field: number, { name, datatype, shape }: TensorMetadata): void {
  const entry = writer.begin(field);
  writer.text(1, name);
  const info = writer.begin(2);
  writer.text(1, tensorNameOf(name));
  writer.tag(2, VARINT);
  writer.varint(tensorflowType(datatype).number);
  const dims = writer.begin(3);
  for (const size of shape) {
    const dim = writer.begin(2);
    if (size !== 0) {
      writer.tag(1, VARINT);
      writer.varint(size);
    }
    writer.end(dim);
  }
  writer.end(dims);
  writer.end(info);
  writer.end(entry);
}

/**
 * The signature `serving_default` of an encoded `SignatureDefMap`, or the first one that predicts; `undefined` when there
 * is none. Tensors of types without a datatype here are left out.
 *
 * @throws {TransportError} INVALID_ARGUMENT for malformed bytes.
 */
export function decodeSignatureMap(bytes: Uint8Array): Signature | undefined {
  const reader = new ProtobufReader(bytes);
  const found = new Map<string, Signature & { readonly method: string }>();
  while (reader.next()) {
    if (!reader.is(1, LENGTH_DELIMITED)) {
      reader.skip();
      continue;
    }
    let name = "";
    const outer = reader.enter();
    while (reader.next()) {
      if (reader.is(1, LENGTH_DELIMITED)) name = reader.text();
      else if (reader.is(2, LENGTH_DELIMITED)) found.set(name, readDefinition(reader));
      else reader.skip();
    }
    reader.leave(outer);
  }
  const wanted =
    found.get(SIGNATURE_NAME) ?? [...found.values()].find(({ method }) => method === PREDICT_METHOD);
  return wanted && { inputs: wanted.inputs, outputs: wanted.outputs };
}

function readDefinition(reader: ProtobufReader): Signature & { readonly method: string } {
  const inputs: TensorMetadata[] = [];
  const outputs: TensorMetadata[] = [];
  let method = "";
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.is(1, LENGTH_DELIMITED)) inputs.push(...readInfo(reader));
    else if (reader.is(2, LENGTH_DELIMITED)) outputs.push(...readInfo(reader));
    else if (reader.is(3, LENGTH_DELIMITED)) method = reader.text();
    else reader.skip();
  }
  reader.leave(outer);
  return { inputs, outputs, method };
}

function readInfo(reader: ProtobufReader): readonly TensorMetadata[] {
  let name = "";
  let type = 0;
  const shape: number[] = [];
  let unknownRank = false;
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.is(1, LENGTH_DELIMITED)) name = reader.text();
    else if (reader.is(2, LENGTH_DELIMITED)) {
      const info = reader.enter();
      while (reader.next()) {
        if (reader.is(2, VARINT)) type = reader.uint64();
        else if (reader.is(3, LENGTH_DELIMITED)) unknownRank = readDims(reader, shape);
        else reader.skip();
      }
      reader.leave(info);
    } else reader.skip();
  }
  reader.leave(outer);
  const datatype = datatypeOfNumber(type);
  return datatype === undefined ? [] : [{ name, datatype, shape, ...(unknownRank ? { unknownRank } : {}) }];
}

/** Reads a TensorShapeProto. @returns whether the rank is unknown. */
function readDims(reader: ProtobufReader, shape: number[]): boolean {
  let unknownRank = false;
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
      shape.push(size);
    } else if (reader.is(3, VARINT)) unknownRank = reader.uint64() !== 0;
    else reader.skip();
  }
  reader.leave(outer);
  return unknownRank;
}
