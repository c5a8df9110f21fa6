import { TransportError } from "./errors.ts";
import type { Parameters } from "./parameters.ts";

/** Datatypes of the Open Inference Protocol and the bytes of one element; 0 for BYTES, whose elements vary. */
export const DATATYPE_BYTES = {
  BOOL: 1,
  UINT8: 1,
  UINT16: 2,
  UINT32: 4,
  UINT64: 8,
  INT8: 1,
  INT16: 2,
  INT32: 4,
  INT64: 8,
  FP16: 2,
  BF16: 2,
  FP32: 4,
  FP64: 8,
  BYTES: 0,
} as const;

export type Datatype = keyof typeof DATATYPE_BYTES;

/** The most dimensions of a tensor in a protobuf message; nets have a handful. */
export const MOST_DIMENSIONS = 100;
/** The most tensors, and requested outputs, of a protobuf message: two bytes of it are enough to ask for one. */
export const MOST_TENSORS = 10_000;

export function isDatatype(name: string): name is Datatype {
  return Object.hasOwn(DATATYPE_BYTES, name);
}

/**
 * A named tensor as it travels: row-major, little-endian bytes, never converted on the way. BYTES elements are
 * each a 32-bit little-endian length and that many bytes.
 */
export interface Tensor {
  readonly name: string;
  readonly datatype: Datatype;
  /** Non-negative; the product is the number of elements. */
  readonly shape: readonly number[];
  readonly data: Uint8Array;
  readonly parameters?: Parameters | undefined;
}

/** The number of elements of a shape; 1 for a scalar (`[]`). */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const size of shape) count *= size;
  return count;
}

/**
 * Checks that the bytes of a tensor are as many as its shape and datatype say.
 * @throws {TransportError} INVALID_ARGUMENT, naming the tensor, the expected and the found size.
 */
export function checkTensor({ name, datatype, shape, data }: Tensor): void {
  if (shape.some((size) => !Number.isSafeInteger(size) || size < 0)) {
    throw new TransportError(
      "INVALID_ARGUMENT",
      `tensor '${name}': the shape [${shape}] has an invalid size`,
    );
  }
  const count = elementCount(shape);
  if (datatype === "BYTES") {
    let found = 0;
    // Without a view of each: a list of empty elements is far smaller than its views.
    eachBytesElement(data, name, () => {
      found += 1;
    });
    if (found !== count) {
      throw new TransportError(
        "INVALID_ARGUMENT",
        `tensor '${name}': expected ${count} BYTES elements for shape [${shape}], got ${found}`,
      );
    }
    return;
  }
  const expected = count * DATATYPE_BYTES[datatype];
  if (data.byteLength !== expected) {
    throw new TransportError(
      "INVALID_ARGUMENT",
      `tensor '${name}': expected ${expected} bytes for ${datatype} [${shape}], got ${data.byteLength}`,
    );
  }
}

/** Packs elements into the data of a BYTES tensor (one copy). */
export function packBytes(elements: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const element of elements) length += 4 + element.byteLength;
  const data = new Uint8Array(length);
  const view = new DataView(data.buffer);
  let at = 0;
  for (const element of elements) {
    view.setUint32(at, element.byteLength, true);
    data.set(element, at + 4);
    at += 4 + element.byteLength;
  }
  return data;
}

/**
 * The elements of a BYTES tensor's data, as views into it.
 * @throws {TransportError} INVALID_ARGUMENT when a length runs over the end.
 */
export function splitBytes(data: Uint8Array, name = "BYTES"): Uint8Array[] {
  const elements: Uint8Array[] = [];
  eachBytesElement(data, name, (start, end) => elements.push(data.subarray(start, end)));
  return elements;
}

/**
 * Calls `onElement` with the start and the end of each element of a BYTES tensor's data, in order.
 * @throws {TransportError} INVALID_ARGUMENT when a length runs over the end.
 */
export function eachBytesElement(
  data: Uint8Array,
  name: string,
  onElement: (start: number, end: number) => void,
): void {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const { byteLength } = data;
  let at = 0;
  while (at < byteLength) {
    const start = at + 4;
    // Whole numbers all the way: an infinite end for a length that is cut off makes this twenty times as slow.
    const end = start > byteLength ? start : start + view.getUint32(at, true);
    if (end > byteLength) {
      throw new TransportError(
        "INVALID_ARGUMENT",
        `tensor '${name}': a BYTES element at byte ${at} runs over the end (${byteLength} bytes)`,
      );
    }
    onElement(start, end);
    at = end;
  }
}
