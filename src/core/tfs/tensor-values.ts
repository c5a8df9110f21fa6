import { TransportError } from "../errors.ts";
import type { ProtobufReader } from "../oip/protobuf-reader.ts";
import { FIXED32, FIXED64, LENGTH_DELIMITED, VARINT } from "../oip/protobuf-writer.ts";
import { DATATYPE_BYTES, type Datatype, splitBytes, type Tensor } from "../tensor.ts";

/** The list of a `TensorProto` that carries a datatype, and the wire type of one element. */
const FIELDS: Readonly<Record<Datatype, readonly [field: number, wireType: number]>> = {
  FP32: [5, FIXED32],
  FP64: [6, FIXED64],
  INT32: [7, VARINT],
  INT16: [7, VARINT],
  UINT16: [7, VARINT],
  INT8: [7, VARINT],
  UINT8: [7, VARINT],
  BYTES: [8, LENGTH_DELIMITED],
  INT64: [10, VARINT],
  BOOL: [11, VARINT],
  FP16: [13, VARINT],
  BF16: [13, VARINT],
  UINT32: [16, VARINT],
  UINT64: [17, VARINT],
};
const LONGEST_VARINT_BYTES = 10;

/** The number of the list's field. */
export function valueField(datatype: Datatype): number {
  return FIELDS[datatype][0];
}

/** One occurrence of a list in a message: packed elements, or one element. */
export interface ValueRun {
  readonly field: number;
  readonly wireType: number;
  readonly start: number;
  readonly end: number;
}

/** Whose values are read. */
export interface ValueOwner {
  readonly name: string;
  readonly datatype: Datatype;
  readonly elements: number;
  readonly maxBytes: number;
}

/**
 * The contents of the packed list of a tensor (without tag and length); of BYTES the whole list, tags included. The
 * tensor's own bytes where the two are the same.
 */
export function writeTypedValues({ name, datatype, data }: Tensor): Uint8Array {
  if (datatype === "FP32" || datatype === "FP64") return data;
  if (datatype === "BOOL")
    return data.every((value) => value < 2) ? data : data.map((value) => (value === 0 ? 0 : 1));
  if (datatype === "BYTES") return writeStrings(splitBytes(data, name));
  const size = DATATYPE_BYTES[datatype];
  const isSigned = datatype.startsWith("INT");
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  // Values of eight bits fit into two bytes each; others may need ten.
  const target = Buffer.allocUnsafe(
    (data.byteLength / size) * (size === 1 && !isSigned ? 2 : LONGEST_VARINT_BYTES),
  );
  let at = 0;
  for (let from = 0; from < data.byteLength; from += size) {
    let low: number;
    let high = 0;
    if (size === 1) low = isSigned ? view.getInt8(from) : view.getUint8(from);
    else if (size === 2) low = isSigned ? view.getInt16(from, true) : view.getUint16(from, true);
    else if (size === 4) low = isSigned ? view.getInt32(from, true) : view.getUint32(from, true);
    else {
      low = view.getUint32(from, true);
      high = view.getUint32(from + 4, true);
    }
    if (size < 8 && isSigned && low < 0) high = 0xffff_ffff;
    at = putVarint(target, at, low >>> 0, high);
  }
  return target.subarray(0, at);
}

function putVarint(target: Uint8Array, offset: number, low: number, high: number): number {
  let at = offset;
  let [rest, upper] = [low, high];
  while (rest > 0x7f || upper > 0) {
    target[at++] = (rest & 0x7f) | 0x80;
    rest = ((rest >>> 7) | (upper << 25)) >>> 0;
    upper >>>= 7;
  }
  target[at++] = rest;
  return at;
}

function writeStrings(parts: readonly Uint8Array[]): Uint8Array {
  const sizes = parts.reduce((sum, part) => sum + part.byteLength, 0);
  const target = Buffer.allocUnsafe(sizes + parts.length * 6);
  let at = 0;
  for (const part of parts) {
    target[at++] = (valueField("BYTES") << 3) | LENGTH_DELIMITED;
    at = putVarint(target, at, part.byteLength, 0);
    target.set(part, at);
    at += part.byteLength;
  }
  return target.subarray(0, at);
}

/**
 * The raw, little-endian bytes of a list of values.
 * @throws {TransportError} INVALID_ARGUMENT for the wrong list, too many values or one out of range.
 */
export function readTypedValues(
  reader: ProtobufReader,
  runs: readonly ValueRun[],
  owner: ValueOwner,
): Uint8Array {
  const { datatype, elements } = owner;
  const [field, wireType] = FIELDS[datatype];
  for (const run of runs) {
    const isPacked = run.wireType === LENGTH_DELIMITED;
    if (run.field !== field || (run.wireType !== wireType && !isPacked)) {
      throw unfitValues(owner, `expected field ${field} for ${datatype}, got field ${run.field}`);
    }
  }
  if (datatype === "BYTES") return readStrings(reader, runs, owner);
  const size = DATATYPE_BYTES[datatype];
  const data = new Uint8Array(elements * size);
  let at = 0;
  const checkRoom = (): void => {
    if (at + size > data.byteLength)
      throw unfitValues(owner, `expected at most ${elements} values, got more`);
  };
  for (const { start, end } of runs) {
    if (wireType !== VARINT) {
      if ((end - start) % size !== 0 || at + end - start > data.byteLength) {
        throw unfitValues(
          owner,
          `expected at most ${elements} values, got ${end - start} bytes of them more`,
        );
      }
      data.set(reader.bytes.subarray(start, end), at);
      at += end - start;
      continue;
    }
    reader.at = start;
    reader.limit = end;
    while (reader.at < end) {
      checkRoom();
      reader.varint();
      putElement(reader, data, at, owner);
      at += size;
    }
  }
  // As TensorFlow has it: the last value goes on.
  if (at > 0)
    for (let from = at - size; at < data.byteLength; at += size) data.copyWithin(at, from, from + size);
  return data;
}

function putElement(reader: ProtobufReader, data: Uint8Array, at: number, owner: ValueOwner): void {
  const { datatype } = owner;
  const { low, high } = reader;
  const signed = low | 0;
  const isFit =
    datatype === "UINT8"
      ? low <= 0xff && high === 0
      : datatype === "UINT16" || datatype === "FP16" || datatype === "BF16"
        ? low <= 0xffff && high === 0
        : datatype === "INT8"
          ? signed >= -0x80 && signed <= 0x7f
          : datatype === "INT16"
            ? signed >= -0x8000 && signed <= 0x7fff
            : true;
  if (!isFit) throw unfitValues(owner, `the value ${signed} does not fit ${datatype}`);
  if (datatype === "BOOL") {
    data[at] = low === 0 && high === 0 ? 0 : 1;
    return;
  }
  const size = DATATYPE_BYTES[datatype];
  data[at] = low;
  if (size > 1) data[at + 1] = low >>> 8;
  if (size > 2) {
    data[at + 2] = low >>> 16;
    data[at + 3] = low >>> 24;
  }
  if (size > 4) for (let byte = 0; byte < 4; byte++) data[at + 4 + byte] = high >>> (byte * 8);
}

function readStrings(reader: ProtobufReader, runs: readonly ValueRun[], owner: ValueOwner): Uint8Array {
  const { elements, maxBytes } = owner;
  if (runs.length > elements) throw unfitValues(owner, `expected ${elements} values, got ${runs.length}`);
  const last = runs.at(-1);
  const missing = elements - runs.length;
  const lastBytes = last === undefined ? 0 : last.end - last.start;
  const total = runs.reduce((sum, { start, end }) => sum + 4 + end - start, 0) + missing * (4 + lastBytes);
  if (total > maxBytes) {
    throw new TransportError(
      "RESOURCE_EXHAUSTED",
      `input '${owner.name}' is over the limit of ${maxBytes} bytes`,
    );
  }
  const data = new Uint8Array(total);
  const view = new DataView(data.buffer);
  let at = 0;
  for (let index = 0; index < elements; index++) {
    const { start, end } = runs[index] ?? last ?? { start: 0, end: 0 };
    view.setUint32(at, end - start, true);
    data.set(reader.bytes.subarray(start, end), at + 4);
    at += 4 + end - start;
  }
  return data;
}

function unfitValues({ name }: ValueOwner, why: string): TransportError {
  return new TransportError("INVALID_ARGUMENT", `tensor parsing error: ${name}: ${why}`);
}
