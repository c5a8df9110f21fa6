import { TransportError } from "../errors.ts";
import { DATATYPE_BYTES, type Datatype } from "../tensor.ts";
import { malformed, type ProtobufReader } from "./protobuf-reader.ts";
import { FIXED32, FIXED64, LENGTH_DELIMITED, VARINT } from "./protobuf-writer.ts";

/** The members of `InferTensorContents` by field number, and the wire type of one element. */
const CONTENTS_FIELDS: readonly (readonly [name: string, wireType: number])[] = [
  ["", VARINT],
  ["bool_contents", VARINT],
  ["int_contents", VARINT],
  ["int64_contents", VARINT],
  ["uint_contents", VARINT],
  ["uint64_contents", VARINT],
  ["fp32_contents", FIXED32],
  ["fp64_contents", FIXED64],
  ["bytes_contents", LENGTH_DELIMITED],
];

/** The field that carries a datatype; FP16 and BF16 have none. */
const FIELD_OF: Readonly<Partial<Record<Datatype, number>>> = {
  BOOL: 1,
  INT8: 2,
  INT16: 2,
  INT32: 2,
  INT64: 3,
  UINT8: 4,
  UINT16: 4,
  UINT32: 4,
  UINT64: 5,
  FP32: 6,
  FP64: 7,
  BYTES: 8,
};

/** Whose contents are read: for the messages of errors. */
export interface ContentsOwner {
  readonly tensor: string;
  readonly model: string;
  readonly datatype: Datatype;
  /** Of the shape. */
  readonly elements: number;
}

/**
 * Reads an `InferTensorContents` message into the raw, little-endian form of its datatype (new bytes).
 *
 * @param ranges - start and end of each occurrence of the message: as protobuf has it, several are one.
 * @throws {TransportError} INVALID_ARGUMENT for the wrong member, a wrong number of elements or a value out of range.
 */
export function readTypedContents(
  reader: ProtobufReader,
  ranges: readonly (readonly [number, number])[],
  owner: ContentsOwner,
): Uint8Array {
  const field = FIELD_OF[owner.datatype];
  let elements = 0;
  let elementBytes = 0;
  eachRun(reader, ranges, (found, start, end) => {
    if (found !== field) throw wrongMember(owner, found, field);
    elements += countElements(reader, found, start, end);
    elementBytes += end - start;
  });
  if (elements !== owner.elements) {
    throw new TransportError(
      "INVALID_ARGUMENT",
      `tensor '${owner.tensor}' for model '${owner.model}': expected ${owner.elements} elements in its contents, got ${elements}`,
    );
  }
  const size =
    owner.datatype === "BYTES" ? elements * 4 + elementBytes : elements * DATATYPE_BYTES[owner.datatype];
  const data = new Uint8Array(size);
  const write = elementWriter(reader, data, owner);
  eachRun(reader, ranges, (_found, start, end) => write(start, end));
  return data;
}

/** Calls `onRun` for every run of elements: a packed field, or one element by itself. */
function eachRun(
  reader: ProtobufReader,
  ranges: readonly (readonly [number, number])[],
  onRun: (field: number, start: number, end: number) => void,
): void {
  for (const [start, end] of ranges) {
    reader.at = start;
    reader.limit = end;
    while (reader.next()) {
      const { field, wireType } = reader;
      const element = CONTENTS_FIELDS[field]?.[1];
      const packed = wireType === LENGTH_DELIMITED;
      if (field === 0 || element === undefined || (wireType !== element && !packed)) {
        reader.skip();
        continue;
      }
      const runBytes = packed ? reader.length() : undefined;
      const runStart = reader.at;
      if (runBytes === undefined) reader.skip();
      else reader.take(runBytes);
      const runEnd = reader.at;
      onRun(field, runStart, runEnd);
      reader.at = runEnd;
      reader.limit = end;
    }
  }
}

function countElements(reader: ProtobufReader, field: number, start: number, end: number): number {
  const wireType = CONTENTS_FIELDS[field]?.[1];
  if (wireType === LENGTH_DELIMITED) return 1;
  if (wireType === VARINT) {
    let count = 0;
    for (let at = start; at < end; at++) if ((reader.bytes[at] as number) < 0x80) count += 1;
    return count;
  }
  const size = wireType === FIXED32 ? 4 : 8;
  if ((end - start) % size !== 0) {
    throw malformed(`${CONTENTS_FIELDS[field]?.[0]} has ${end - start} bytes, not a multiple of ${size}`);
  }
  return (end - start) / size;
}

/** Writes runs of elements one after the other into `data`, which has room for exactly all of them. */
function elementWriter(
  reader: ProtobufReader,
  data: Uint8Array,
  owner: ContentsOwner,
): (start: number, end: number) => void {
  const { datatype } = owner;
  const view = new DataView(data.buffer);
  let at = 0;
  if (datatype === "FP32" || datatype === "FP64") {
    return (start, end) => {
      data.set(reader.bytes.subarray(start, end), at);
      at += end - start;
    };
  }
  if (datatype === "BYTES") {
    return (start, end) => {
      view.setUint32(at, end - start, true);
      data.set(reader.bytes.subarray(start, end), at + 4);
      at += 4 + end - start;
    };
  }
  const size = DATATYPE_BYTES[datatype];
  return (start, end) => {
    reader.at = start;
    reader.limit = end;
    while (reader.at < end) {
      reader.varint();
      checkRange(reader, owner);
      if (datatype === "BOOL") data[at] = reader.low === 0 && reader.high === 0 ? 0 : 1;
      else if (size === 1) data[at] = reader.low;
      else if (size === 2) view.setUint16(at, reader.low & 0xffff, true);
      else view.setUint32(at, reader.low, true);
      if (size === 8) view.setUint32(at + 4, reader.high, true);
      at += size;
    }
  };
}

/** `int_contents` and `uint_contents` have 32 bits; narrower datatypes must fit. */
function checkRange(reader: ProtobufReader, { tensor, model, datatype }: ContentsOwner): void {
  const signed = reader.low | 0;
  const fits =
    datatype === "UINT8"
      ? reader.low <= 0xff
      : datatype === "UINT16"
        ? reader.low <= 0xffff
        : datatype === "INT8"
          ? signed >= -0x80 && signed <= 0x7f
          : datatype === "INT16"
            ? signed >= -0x8000 && signed <= 0x7fff
            : true;
  if (fits) return;
  const value = datatype.startsWith("U") ? reader.low : signed;
  throw new TransportError(
    "INVALID_ARGUMENT",
    `tensor '${tensor}' for model '${model}': the value ${value} does not fit ${datatype}`,
  );
}

function wrongMember(owner: ContentsOwner, found: number, expected: number | undefined): TransportError {
  const wanted =
    expected === undefined ? "raw contents (there is no typed member)" : `${CONTENTS_FIELDS[expected]?.[0]}`;
  return new TransportError(
    "INVALID_ARGUMENT",
    `tensor '${owner.tensor}' for model '${owner.model}': expected ${wanted} for datatype ${owner.datatype}, got ${CONTENTS_FIELDS[found]?.[0]}`,
  );
}
