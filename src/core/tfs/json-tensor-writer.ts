import { isUtf8 } from "node:buffer";
import { TransportError } from "../errors.ts";
import { isNumeric } from "../oip/json-numbers.ts";
import { DATATYPE_BYTES, eachBytesElement, elementCount, type Tensor } from "../tensor.ts";
import { tensorflowType } from "./data-type.ts";
import { floatTexts } from "./float-text.ts";

/** Elements turned into text at a time: millions at once take twice as long, and strings have a length limit. */
const CHUNK = 16_384;

/** Writes the values of a tensor as nested lists. */
export interface TensorTexts {
  /** Appends the value of one element of the first dimension, to be joined. */
  writeItem(index: number, pieces: string[]): void;
  /** Appends the whole value. */
  writeAll(pieces: string[]): void;
}

/** Comma-separated texts of elements, or rows of them, each row in brackets. */
interface Elements {
  flat(from: number, to: number): string;
  rows(from: number, to: number, columns: number): string;
}

/**
 * The JSON of a tensor as TensorFlow Serving writes it: nested lists; whole numbers of floating point end in `.0`; NaN and
 * infinities are bare words; strings are text, or `{"b64": …}` where they are not UTF-8 or the tensor's name ends in
 * `_bytes`. FP32 has the fewest digits that read back to the same bits.
 *
 * @throws {TransportError} INVALID_ARGUMENT for FP16 and BF16, which it does not write either.
 */
export function tensorTexts(tensor: Tensor): TensorTexts {
  const { shape } = tensor;
  const elements = elementsOf(tensor);
  const [, ...itemShape] = shape;
  const itemSize = elementCount(itemShape);
  return {
    writeItem: (index, pieces) => writeNested(elements, itemShape, index * itemSize, pieces),
    writeAll: (pieces) => writeNested(elements, shape, 0, pieces),
  };
}

function writeNested(elements: Elements, shape: readonly number[], at: number, pieces: string[]): void {
  const [size = 0, ...inner] = shape;
  if (shape.length === 0) {
    pieces.push(elements.flat(at, at + 1));
    return;
  }
  pieces.push("[");
  const [columns = 1] = inner;
  // A row that is too long for one piece is written by itself.
  if (inner.length === 0 || (inner.length === 1 && columns > 0 && columns <= CHUNK)) {
    const step = Math.max(1, Math.floor(CHUNK / columns));
    for (let from = 0; from < size; from += step) {
      if (from > 0) pieces.push(",");
      const [first, last] = [at + from * columns, at + Math.min(size, from + step) * columns];
      pieces.push(inner.length === 0 ? elements.flat(first, last) : elements.rows(first, last, columns));
    }
  } else {
    const innerSize = elementCount(inner);
    for (let index = 0; index < size; index++) {
      if (index > 0) pieces.push(",");
      writeNested(elements, inner, at + index * innerSize, pieces);
    }
  }
  pieces.push("]");
}

function elementsOf(tensor: Tensor): Elements {
  const { name, datatype, data } = tensor;
  if (datatype === "FP32" || datatype === "FP64") {
    const aligned = data.byteOffset % DATATYPE_BYTES[datatype] === 0 ? data : new Uint8Array(data);
    const [from, bytes] = [aligned.byteOffset, aligned.byteLength];
    return datatype === "FP32"
      ? floatTexts(new Float32Array(aligned.buffer, from, bytes / 4))
      : floatTexts(new Float64Array(aligned.buffer, from, bytes / 8));
  }
  if (isNumeric(datatype)) return integerTexts(datatype, data);
  if (datatype === "BOOL") return separate((index) => (data[index] === 0 ? "false" : "true"));
  if (datatype === "BYTES") {
    const starts = elementStarts(data, name);
    const asBytes = name.endsWith("_bytes");
    return separate((index) =>
      textOf(data.subarray((starts[index] as number) + 4, starts[index + 1]), asBytes),
    );
  }
  throw new TransportError(
    "INVALID_ARGUMENT",
    `Failed to write JSON value for tensor type: ${tensorflowType(datatype).shortName}`,
  );
}

/** Where the length of each element stands, and the end of the last: a view of each would take far more memory. */
function elementStarts(data: Uint8Array, name: string): Uint32Array {
  let count = 0;
  eachBytesElement(data, name, () => {
    count += 1;
  });
  const starts = new Uint32Array(count + 1);
  starts[count] = data.byteLength;
  let index = 0;
  eachBytesElement(data, name, (start) => {
    starts[index++] = start - 4;
  });
  return starts;
}

function textOf(bytes: Uint8Array, asBytes: boolean): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (asBytes || !isUtf8(bytes)) return `{"b64":"${buffer.toString("base64")}"}`;
  return JSON.stringify(buffer.toString("utf8"));
}

const INTEGER_ARRAYS = {
  UINT8: Uint8Array,
  INT8: Int8Array,
  UINT16: Uint16Array,
  INT16: Int16Array,
  UINT32: Uint32Array,
  INT32: Int32Array,
  UINT64: BigUint64Array,
  INT64: BigInt64Array,
} as const;

function integerTexts(datatype: keyof typeof INTEGER_ARRAYS, data: Uint8Array): Elements {
  const size = DATATYPE_BYTES[datatype];
  const bytes = data.byteOffset % size === 0 ? data : new Uint8Array(data);
  const IntegerArray = INTEGER_ARRAYS[datatype];
  const array = new IntegerArray(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength / size);
  const flat = (from: number, to: number): string => array.subarray(from, to).join(",");
  return { flat, rows: inRows(flat) };
}

function separate(text: (index: number) => string): Elements {
  const flat = (from: number, to: number): string =>
    Array.from({ length: to - from }, (_, index) => text(from + index)).join(",");
  return { flat, rows: inRows(flat) };
}

/** Rows of a list of elements, each by itself. */
function inRows(flat: Elements["flat"]): Elements["rows"] {
  return (from, to, columns) => {
    const rows: string[] = [];
    for (let at = from; at < to; at += columns) rows.push(`[${flat(at, at + columns)}]`);
    return rows.join(",");
  };
}
