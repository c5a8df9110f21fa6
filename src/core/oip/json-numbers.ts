import { DATATYPE_BYTES, type Datatype } from "../tensor.ts";

/** Datatypes whose elements are JSON numbers. */
export type NumericDatatype = Exclude<Datatype, "BOOL" | "BYTES" | "FP16" | "BF16">;

export function isNumeric(datatype: Datatype): datatype is NumericDatatype {
  return datatype !== "BOOL" && datatype !== "BYTES" && datatype !== "FP16" && datatype !== "BF16";
}

/** A tensor's bytes seen as numbers of its datatype. */
export interface NumberView {
  /**
   * Stores the elements of `row` from index `from` on at `at + index`; stops at one that is not a number of the
   * datatype and gives its index in the row, or -1 when all fitted.
   */
  fill(row: readonly unknown[], at: number, from?: number): number;
  put(index: number, value: number): void;
  /** The numbers as JSON text, comma-separated, in pieces to be joined. */
  texts(): string[];
}

type SmallArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;
type BigArray = BigInt64Array | BigUint64Array;

/** A 64-bit integer as text; 20 digits are the most it can have. */
const DECIMAL = /^-?\d{1,20}$/;

/** Elements turned into text at a time: joining millions at once takes twice as long, and strings have a length limit. */
const CHUNK = 16_384;

/**
 * Sees bytes as numbers; copies them first when they are not aligned for that. Assumes a little-endian machine, as all
 * that Node runs on are.
 */
export function numbersOver(data: Uint8Array, datatype: NumericDatatype): NumberView {
  const size = DATATYPE_BYTES[datatype];
  const bytes = data.byteOffset % size === 0 ? data : new Uint8Array(data);
  const args = [bytes.buffer, bytes.byteOffset, bytes.byteLength / size] as const;
  switch (datatype) {
    case "UINT8":
      return integers(new Uint8Array(...args));
    case "INT8":
      return integers(new Int8Array(...args));
    case "UINT16":
      return integers(new Uint16Array(...args));
    case "INT16":
      return integers(new Int16Array(...args));
    case "UINT32":
      return integers(new Uint32Array(...args));
    case "INT32":
      return integers(new Int32Array(...args));
    case "UINT64":
      return bigIntegers(new BigUint64Array(...args));
    case "INT64":
      return bigIntegers(new BigInt64Array(...args));
    case "FP32":
      return floats(new Float32Array(...args));
    case "FP64":
      return floats(new Float64Array(...args));
  }
}

/**
 * What stands in a parsed message for the bare words `NaN`, `Infinity`, `-Infinity`. No text and no number: nothing but a
 * floating-point tensor is to take them.
 */
export const BARE_NUMBERS: ReadonlyMap<number, symbol> = new Map(
  [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((value) => [
    value,
    Symbol(String(value)),
  ]),
);
const SPECIAL_NUMBERS: ReadonlyMap<unknown, number> = new Map(
  [...BARE_NUMBERS].flatMap(([value, symbol]): [unknown, number][] => [
    [String(value), value],
    [symbol, value],
  ]),
);

/**
 * What the texts `NaN`, `Infinity`, `-Infinity`, and the bare words, stand for in a floating-point tensor; `undefined` for
 * all else.
 */
export function specialNumber(value: unknown, datatype: NumericDatatype): number | undefined {
  return datatype === "FP32" || datatype === "FP64" ? SPECIAL_NUMBERS.get(value) : undefined;
}

function integers(array: SmallArray): NumberView {
  return {
    fill(row, at, from = 0) {
      for (let index = from; index < row.length; index++) {
        const value = row[index];
        // A symbol (`BARE_NUMBERS`) cannot even be stored.
        if (typeof value !== "number") return index;
        array[at + index] = value;
        // One comparison finds fractions and numbers out of range.
        if (array[at + index] !== value) return index;
      }
      return -1;
    },
    put(index, value) {
      array[index] = value;
    },
    texts: () => chunks(array.length, (from, to) => array.subarray(from, to).join(",")),
  };
}

function floats(array: Float32Array | Float64Array): NumberView {
  return {
    fill(row, at, from = 0) {
      for (let index = from; index < row.length; index++) {
        const value = row[index];
        if (typeof value !== "number") return index;
        array[at + index] = value;
        if (!Number.isFinite(array[at + index])) return index;
      }
      return -1;
    },
    put(index, value) {
      array[index] = value;
    },
    texts: () => chunks(array.length, (from, to) => floatText(array.subarray(from, to))),
  };
}

function bigIntegers(array: BigArray): NumberView {
  const isUnsigned = array instanceof BigUint64Array;
  return {
    fill(row, at, from = 0) {
      for (let index = from; index < row.length; index++) {
        const value = row[index];
        if (Number.isSafeInteger(value)) {
          if (isUnsigned && (value as number) < 0) return index;
          array[at + index] = BigInt(value as number);
          continue;
        }
        if (typeof value !== "string" || !DECIMAL.test(value)) return index;
        const exact = BigInt(value);
        array[at + index] = exact;
        if (array[at + index] !== exact) return index;
      }
      return -1;
    },
    put(index, value) {
      array[index] = BigInt(value);
    },
    texts: () => chunks(array.length, (from, to) => array.subarray(from, to).join(",")),
  };
}

function chunks(length: number, text: (from: number, to: number) => string): string[] {
  const pieces: string[] = [];
  for (let from = 0; from < length; from += CHUNK) {
    if (from > 0) pieces.push(",");
    pieces.push(text(from, Math.min(from + CHUNK, length)));
  }
  return pieces;
}

function floatText(array: Float32Array | Float64Array): string {
  for (const value of array) {
    if (!Number.isFinite(value) || Object.is(value, -0)) return Array.from(array, oneFloat).join(",");
  }
  return JSON.stringify(Array.from(array)).slice(1, -1);
}

/** `JSON.stringify` would write `null` and lose the sign of zero. */
function oneFloat(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? "-0" : String(value);
  return `"${value}"`;
}
