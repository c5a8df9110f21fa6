import type { Datatype } from "../core/tensor.ts";
import { fixedSix } from "./fixed-six.ts";

/** One of the greatest values of a tensor. */
export interface RankedScore {
  readonly index: number;
  /** The value as Triton prints it. */
  readonly text: string;
}

type Scores = ArrayLike<number> | ArrayLike<bigint>;

/** How the bytes of a datatype are read; they begin at a multiple of its size. Those that are missing cannot be ranked. */
const VIEWS = {
  UINT8: (bytes) => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  INT8: (bytes) => new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  UINT16: (bytes) => new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2),
  INT16: (bytes) => new Int16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2),
  UINT32: (bytes) => new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4),
  INT32: (bytes) => new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4),
  FP32: (bytes) => new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4),
  UINT64: (bytes) => new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8),
  INT64: (bytes) => new BigInt64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8),
  FP64: (bytes) => new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8),
} satisfies Partial<Record<Datatype, (bytes: Uint8Array) => Scores>>;

/** A datatype whose values can be ranked. */
export type ClassDatatype = keyof typeof VIEWS;

export function isClassDatatype(datatype: Datatype): datatype is ClassDatatype {
  return Object.hasOwn(VIEWS, datatype);
}

/** Little-endian machines only, as everywhere in the project. */
const WIDEST_BYTES = 8;

/**
 * The greatest values of a tensor's bytes, the greatest first; of equal ones the lower index first, and NaN behind all.
 *
 * @param most - how many; fewer when there are fewer values.
 */
export function rankedScores(
  bytes: Uint8Array,
  datatype: ClassDatatype,
  most: number,
): readonly RankedScore[] {
  const aligned = bytes.byteOffset % WIDEST_BYTES === 0 ? bytes : bytes.slice();
  const scores: Scores = VIEWS[datatype](aligned);
  const isReal = datatype === "FP32" || datatype === "FP64";
  return greatest(scores, Math.min(most, scores.length)).map((index) => {
    const value = scores[index]!;
    return { index, text: isReal ? fixedSix(Number(value)) : String(value) };
  });
}

/** Whether the value at `a` goes before that at `b`. */
function isBefore(scores: Scores, a: number, b: number): boolean {
  const left = scores[a]!;
  const right = scores[b]!;
  if (left > right) return true;
  if (left < right) return false;
  const leftIsNaN = Number.isNaN(left);
  return leftIsNaN === Number.isNaN(right) ? a < b : !leftIsNaN;
}

/** The indices of the `count` greatest, in their order: a heap of them with the least on top, so that long tensors take one pass. */
function greatest(scores: Scores, count: number): readonly number[] {
  if (count === 0) return [];
  const heap = new Uint32Array(count);
  let size = 0;
  const sink = (from: number): void => {
    for (let at = from; ; ) {
      const left = 2 * at + 1;
      if (left >= size) return;
      const right = left + 1;
      const least = right < size && isBefore(scores, heap[left]!, heap[right]!) ? right : left;
      if (!isBefore(scores, heap[at]!, heap[least]!)) return;
      [heap[at], heap[least]] = [heap[least]!, heap[at]!];
      at = least;
    }
  };
  for (; size < count; size++) heap[size] = size;
  for (let at = (count >> 1) - 1; at >= 0; at--) sink(at);
  for (let index = count; index < scores.length; index++) {
    if (!isBefore(scores, index, heap[0]!)) continue;
    heap[0] = index;
    sink(0);
  }
  return [...heap].sort((a, b) => (isBefore(scores, a, b) ? -1 : 1));
}
