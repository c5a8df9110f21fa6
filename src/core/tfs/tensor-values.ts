import { FIXED32, FIXED64, LENGTH_DELIMITED, VARINT } from "../oip/protobuf-writer.ts";
import { DATATYPE_BYTES, type Datatype, eachBytesElement, type Tensor } from "../tensor.ts";

/** A list of a `TensorProto`: its field, and the wire type of one element. */
export interface ValueList {
  readonly field: number;
  readonly wireType: number;
}

/** The list that carries a datatype. */
const LISTS: Readonly<Record<Datatype, ValueList>> = {
  FP32: { field: 5, wireType: FIXED32 },
  FP64: { field: 6, wireType: FIXED64 },
  INT32: { field: 7, wireType: VARINT },
  INT16: { field: 7, wireType: VARINT },
  UINT16: { field: 7, wireType: VARINT },
  INT8: { field: 7, wireType: VARINT },
  UINT8: { field: 7, wireType: VARINT },
  BYTES: { field: 8, wireType: LENGTH_DELIMITED },
  INT64: { field: 10, wireType: VARINT },
  BOOL: { field: 11, wireType: VARINT },
  FP16: { field: 13, wireType: VARINT },
  BF16: { field: 13, wireType: VARINT },
  UINT32: { field: 16, wireType: VARINT },
  UINT64: { field: 17, wireType: VARINT },
};
/** Lists have these numbers; those between that are not above are of types that cannot be served. */
const [FIRST_FIELD, LAST_FIELD] = [5, 17];
const LONGEST_VARINT_BYTES = 10;

/** The list that carries a datatype. */
export function valueList(datatype: Datatype): ValueList {
  return LISTS[datatype];
}

/** Whether a field is a list of values, of whichever type. */
export function isValueField(field: number): boolean {
  return field >= FIRST_FIELD && field <= LAST_FIELD;
}

/**
 * The contents of the packed list of a tensor (without tag and length); of BYTES the whole list, tags included. The
 * tensor's own bytes where the two are the same.
 */
export function writeTypedValues(tensor: Tensor): Uint8Array {
  const { datatype, data } = tensor;
  if (datatype === "FP32" || datatype === "FP64") return data;
  if (datatype === "BOOL")
    return data.every((value) => value < 2) ? data : data.map((value) => (value === 0 ? 0 : 1));
  if (datatype === "BYTES") return writeStrings(tensor);
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

function writeStrings({ data, name }: Tensor): Uint8Array {
  let count = 0;
  eachBytesElement(data, name, () => {
    count += 1;
  });
  // Instead of four bytes of length, a tag and a varint of at most five.
  const target = Buffer.allocUnsafe(data.byteLength + 2 * count);
  let at = 0;
  eachBytesElement(data, name, (start, end) => {
    target[at++] = (valueList("BYTES").field << 3) | LENGTH_DELIMITED;
    at = putVarint(target, at, end - start, 0);
    if (end > start) target.set(data.subarray(start, end), at);
    at += end - start;
  });
  return target.subarray(0, at);
}
