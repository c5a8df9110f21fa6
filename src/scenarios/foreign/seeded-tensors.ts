import type { TensorMetadata } from "../../core/metadata.ts";
import { createRandom, type Random } from "../../core/random.ts";
import { DATATYPE_BYTES, elementCount, packBytes, type Tensor } from "../../core/tensor.ts";

/** Letters of an element of a BYTES tensor. */
const TEXT_LETTERS = 16;
const LETTERS = "abcdefghijklmnopqrstuvwxyz";
/** Integers wider than a byte are indices more often than not: small ones are in every table. */
const INTEGERS = 100;
/** Half precision of 1/1024 and its multiples below 1 is exact enough, and needs no rounding. */
const HALF_STEPS = 1024;

/**
 * Inputs with seeded contents: UINT8 any byte, other integers 0 to 99, floating point 0 to 1, BOOL either, BYTES texts of 16
 * letters. The same for the same seed.
 *
 * @param inputs - with every dimension a number.
 */
export function seededTensors(inputs: readonly TensorMetadata[], seed: number): readonly Tensor[] {
  const random = createRandom(seed);
  return inputs.map(({ name, datatype, shape }) => {
    const count = elementCount(shape);
    if (datatype === "BYTES") return { name, datatype, shape, data: texts(count, random) };
    const data = new Uint8Array(count * DATATYPE_BYTES[datatype]);
    const view = new DataView(data.buffer);
    const write = writerOf(datatype, view, random);
    for (let i = 0; i < count; i++) write(i);
    return { name, datatype, shape, data };
  });
}

function writerOf(
  datatype: Exclude<TensorMetadata["datatype"], "BYTES">,
  view: DataView,
  random: Random,
): (index: number) => void {
  const small = (): number => random.uint32() % INTEGERS;
  switch (datatype) {
    case "BOOL":
      return (i) => view.setUint8(i, random.uint32() & 1);
    case "UINT8":
      return (i) => view.setUint8(i, random.uint32() & 0xff);
    case "INT8":
      return (i) => view.setUint8(i, small());
    case "UINT16":
    case "INT16":
      return (i) => view.setUint16(2 * i, small(), true);
    case "UINT32":
    case "INT32":
      return (i) => view.setUint32(4 * i, small(), true);
    case "UINT64":
    case "INT64":
      return (i) => view.setUint32(8 * i, small(), true);
    case "FP32":
      return (i) => view.setFloat32(4 * i, random.fraction(), true);
    case "FP64":
      return (i) => view.setFloat64(8 * i, random.fraction(), true);
    case "FP16":
      return (i) => view.setUint16(2 * i, halfBits(random.uint32() % HALF_STEPS), true);
    case "BF16":
      return (i) => view.setUint16(2 * i, floatBits(random.fraction()) >>> 16, true);
  }
}

/** Half precision of `steps / 1024`, exactly: 0 to 1023 steps. */
function halfBits(steps: number): number {
  if (steps === 0) return 0;
  const exponent = 31 - Math.clz32(steps);
  return ((exponent + 5) << 10) | ((steps << (10 - exponent)) & 0x3ff);
}

const FLOAT = new DataView(new ArrayBuffer(4));

function floatBits(value: number): number {
  FLOAT.setFloat32(0, value);
  return FLOAT.getUint32(0);
}

function texts(count: number, random: Random): Uint8Array {
  const text = (): Uint8Array =>
    Uint8Array.from({ length: TEXT_LETTERS }, () => LETTERS.charCodeAt(random.uint32() % LETTERS.length));
  return packBytes(Array.from({ length: count }, text));
}
