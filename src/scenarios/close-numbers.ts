import type { Datatype } from "../core/tensor.ts";

/** How numbers of a floating point datatype are read, and how near two of them are the same. */
interface Precision {
  readonly bytes: number;
  read(view: DataView, at: number): number;
  /** Share of the expected number; near zero a hundredth of it, absolute. */
  readonly relative: number;
}

const HALF = 1e-2;
const FULL = 1e-3;
const NEAR_ZERO = 1e-2;

const PRECISIONS: Readonly<Partial<Record<Datatype, Precision>>> = {
  FP16: { bytes: 2, read: (view, at) => halfOf(view.getUint16(at, true)), relative: HALF },
  BF16: { bytes: 2, read: (view, at) => brainOf(view.getUint16(at, true)), relative: HALF },
  FP32: { bytes: 4, read: (view, at) => view.getFloat32(at, true), relative: FULL },
  FP64: { bytes: 8, read: (view, at) => view.getFloat64(at, true), relative: FULL },
};

/**
 * How many numbers of two floating point tensors are near enough: within a thousandth of the expected one, a hundredth for half
 * precision (and a hundredth of that near zero); NaN agrees with NaN. `undefined` for other datatypes.
 *
 * @param expected - bytes, as many as `found` has.
 */
export function closeNumbers(
  datatype: Datatype,
  expected: Uint8Array,
  found: Uint8Array,
): number | undefined {
  const precision = PRECISIONS[datatype];
  if (precision === undefined) return undefined;
  const { bytes, read, relative } = precision;
  const absolute = relative * NEAR_ZERO;
  const left = new DataView(expected.buffer, expected.byteOffset, expected.byteLength);
  const right = new DataView(found.buffer, found.byteOffset, found.byteLength);
  let close = 0;
  for (let at = 0; at + bytes <= expected.byteLength; at += bytes) {
    const x = read(left, at);
    const y = read(right, at);
    const isClose = Number.isFinite(x) && Math.abs(x - y) <= absolute + relative * Math.abs(x);
    if (isClose || x === y || (Number.isNaN(x) && Number.isNaN(y))) close++;
  }
  return close;
}

/** A number of IEEE 754's binary16. */
function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

const WORD = new DataView(new ArrayBuffer(4));

/** A number of bfloat16: the upper half of a binary32. */
function brainOf(bits: number): number {
  WORD.setUint16(0, bits);
  return WORD.getFloat32(0);
}
