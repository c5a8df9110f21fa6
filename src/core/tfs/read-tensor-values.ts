import { TransportError } from "../errors.ts";
import type { ProtobufReader } from "../oip/protobuf-reader.ts";
import { LENGTH_DELIMITED, VARINT } from "../oip/protobuf-writer.ts";
import { DATATYPE_BYTES, type Datatype } from "../tensor.ts";
import { isValueField, valueList } from "./tensor-values.ts";

/** Whose values are read. */
export interface ValueOwner {
  readonly name: string;
  readonly datatype: Datatype;
  /** Of the shape. */
  readonly elements: number;
  readonly maxBytes: number;
}

/** A `TensorProto` in the reader's bytes. */
interface MessageRange {
  readonly from: number;
  readonly end: number;
}

/**
 * The raw, little-endian bytes of the lists of values in a message.
 *
 * @param from - where the message begins; it ends at the reader's limit, and there the reader stands afterwards.
 * @throws {TransportError} INVALID_ARGUMENT for the wrong list, too many values or one out of range.
 */
export function readTypedValues(reader: ProtobufReader, from: number, owner: ValueOwner): Uint8Array {
  const message = { from, end: reader.limit };
  if (owner.datatype === "BYTES") return readStrings(reader, message, owner);
  const { datatype, elements } = owner;
  const size = DATATYPE_BYTES[datatype];
  const isVarint = valueList(datatype).wireType === VARINT;
  const data = new Uint8Array(elements * size);
  let at = 0;
  eachRun(reader, message, owner, (start, end) => {
    if (!isVarint) {
      if ((end - start) % size !== 0 || at + end - start > data.byteLength) {
        throw unfitValues(
          owner,
          `expected at most ${elements} values, got ${end - start} bytes of them more`,
        );
      }
      data.set(reader.bytes.subarray(start, end), at);
      at += end - start;
      return;
    }
    reader.at = start;
    reader.limit = end;
    while (reader.at < end) {
      if (at + size > data.byteLength)
        throw unfitValues(owner, `expected at most ${elements} values, got more`);
      reader.varint();
      putElement(reader, data, at, owner);
      at += size;
    }
  });
  if (at > 0) repeatLast(data, at, size);
  return data;
}

/**
 * Calls `onRun` for every occurrence of the list: packed elements, or one element. They are looked for once more each time
 * instead of being kept: two bytes of a message would become fifty.
 */
function eachRun(
  reader: ProtobufReader,
  { from, end }: MessageRange,
  owner: ValueOwner,
  onRun: (start: number, end: number) => void,
): void {
  const wanted = valueList(owner.datatype);
  reader.at = from;
  reader.limit = end;
  while (reader.next()) {
    const { field, wireType } = reader;
    if (!isValueField(field)) {
      reader.skip();
      continue;
    }
    const isPacked = wireType === LENGTH_DELIMITED;
    if (field !== wanted.field || (wireType !== wanted.wireType && !isPacked)) {
      throw unfitValues(owner, `expected field ${wanted.field} for ${owner.datatype}, got field ${field}`);
    }
    const length = isPacked ? reader.length() : 0;
    const start = reader.at;
    if (isPacked) reader.take(length);
    else reader.skip();
    const runEnd = reader.at;
    onRun(start, runEnd);
    reader.at = runEnd;
    reader.limit = end;
  }
}

/** As TensorFlow has it: the last value, which ends at `at`, goes on. What was copied is copied with it the next time. */
function repeatLast(data: Uint8Array, at: number, valueBytes: number): void {
  const from = at - valueBytes;
  for (let filled = at; filled < data.byteLength; ) {
    const bytes = Math.min(filled - from, data.byteLength - filled);
    data.copyWithin(filled, from, from + bytes);
    filled += bytes;
  }
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

function readStrings(reader: ProtobufReader, message: MessageRange, owner: ValueOwner): Uint8Array {
  const { elements, maxBytes } = owner;
  let count = 0;
  let bytes = 0;
  let lastBytes = 0;
  eachRun(reader, message, owner, (start, end) => {
    count += 1;
    lastBytes = end - start;
    bytes += 4 + lastBytes;
  });
  if (count > elements) throw unfitValues(owner, `expected ${elements} values, got ${count}`);
  const total = bytes + (elements - count) * (4 + lastBytes);
  if (total > maxBytes) {
    throw new TransportError(
      "RESOURCE_EXHAUSTED",
      `input '${owner.name}' is over the limit of ${maxBytes} bytes`,
    );
  }
  const data = new Uint8Array(total);
  const view = new DataView(data.buffer);
  let at = 0;
  eachRun(reader, message, owner, (start, end) => {
    view.setUint32(at, end - start, true);
    reader.bytes.copy(data, at + 4, start, end);
    at += 4 + end - start;
  });
  // Zeros are empty strings already.
  if (lastBytes > 0) repeatLast(data, at, 4 + lastBytes);
  return data;
}

function unfitValues({ name }: ValueOwner, why: string): TransportError {
  return new TransportError("INVALID_ARGUMENT", `tensor parsing error: ${name}: ${why}`);
}
