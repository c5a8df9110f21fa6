import { TransportError } from "../errors.ts";
import type { Datatype } from "../tensor.ts";
import { tensorflowType } from "./data-type.ts";
import type { JsonScanner } from "./json-scanner.ts";

/** Numbers of one datatype, as they come. */
export interface ElementStore {
  /**
   * Reads the number where the scanner stands; false, with the scanner where it was, when that is no number.
   * @throws {TransportError} INVALID_ARGUMENT for a number that the datatype cannot hold.
   */
  put(scanner: JsonScanner): boolean;
  /** The bytes fill a buffer of their own. */
  finish(): { readonly datatype: Datatype; readonly data: Uint8Array };
}

type NumberArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

const ARRAYS = {
  UINT8: Uint8Array,
  INT8: Int8Array,
  UINT16: Uint16Array,
  INT16: Int16Array,
  UINT32: Uint32Array,
  INT32: Int32Array,
  FP32: Float32Array,
  FP64: Float64Array,
} as const;
const FIRST_CAPACITY = 16;

/**
 * A store for the numbers of a datatype; `undefined` for datatypes that JSON writes otherwise or not at all.
 *
 * @param datatype - `undefined`: not known; the numbers become INT64 when all were written as integers, else FP32.
 * @param capacity - elements that are likely to come.
 */
export function numberStore(datatype: Datatype | undefined, capacity: number): ElementStore | undefined {
  if (datatype === "INT64" || datatype === "UINT64") return bigStore(datatype, capacity);
  if (datatype === undefined) return guessingStore(capacity);
  if (!(datatype in ARRAYS)) return undefined;
  return arrayStore(datatype as keyof typeof ARRAYS, capacity);
}

function arrayStore(datatype: keyof typeof ARRAYS, likely: number): ElementStore {
  const create = (capacity: number): NumberArray => new ARRAYS[datatype](capacity);
  const isFloat = datatype === "FP32" || datatype === "FP64";
  let array = create(Math.max(FIRST_CAPACITY, likely));
  let count = 0;
  return {
    put(scanner) {
      const start = scanner.at;
      if (!isNumberNext(scanner)) return false;
      const value = scanner.number();
      if (count === array.length) {
        const grown = create(count * 2);
        grown.set(array);
        array = grown;
      }
      array[count] = value;
      if (isFloat) {
        if (!Number.isFinite(array[count] as number) && Number.isFinite(value)) {
          throw lossy(scanner, datatype);
        }
      } else if (!scanner.isInteger || array[count] !== value) {
        scanner.at = start;
        return false;
      }
      count += 1;
      return true;
    },
    finish: () => ({ datatype, data: bytesOf(array, count) }),
  };
}

function bigStore(datatype: "INT64" | "UINT64", likely: number): ElementStore {
  const create = (capacity: number): BigInt64Array | BigUint64Array =>
    datatype === "INT64" ? new BigInt64Array(capacity) : new BigUint64Array(capacity);
  let array = create(Math.max(FIRST_CAPACITY, likely));
  let count = 0;
  return {
    put(scanner) {
      const start = scanner.at;
      if (!isNumberNext(scanner)) return false;
      const value = scanner.number();
      if (!scanner.isInteger) {
        scanner.at = start;
        return false;
      }
      if (count === array.length) {
        const grown = create(count * 2);
        grown.set(array as BigInt64Array & BigUint64Array);
        array = grown;
      }
      // Beyond the safe integers a double has lost digits that the text still has.
      const exact = BigInt(Number.isSafeInteger(value) ? value : scanner.numberText());
      array[count] = exact;
      if (array[count] !== exact) throw lossy(scanner, datatype);
      count += 1;
      return true;
    },
    finish: () => ({ datatype, data: bytesOf(array, count) }),
  };
}

function guessingStore(likely: number): ElementStore {
  const doubles = arrayStore("FP64", likely);
  let isInteger = true;
  return {
    put(scanner) {
      if (!doubles.put(scanner)) return false;
      isInteger &&= scanner.isInteger && Number.isSafeInteger(Number(scanner.numberText()));
      return true;
    },
    finish() {
      const { data } = doubles.finish();
      const values = new Float64Array(data.buffer, data.byteOffset, data.byteLength / 8);
      if (!isInteger) return { datatype: "FP32", data: bytesOf(Float32Array.from(values), values.length) };
      const integers = BigInt64Array.from(values, (value) => BigInt(value));
      return { datatype: "INT64", data: bytesOf(integers, integers.length) };
    },
  };
}

/** A digit, a minus, or one of the words `NaN`, `Inf`. */
function isNumberNext(scanner: JsonScanner): boolean {
  const byte = scanner.peek();
  return (byte >= 0x30 && byte <= 0x39) || byte === 0x2d || byte === 0x4e || byte === 0x49;
}

function bytesOf(array: NumberArray | BigInt64Array | BigUint64Array, count: number): Uint8Array {
  const whole = count === array.length ? array : array.slice(0, count);
  return new Uint8Array(whole.buffer, whole.byteOffset, whole.byteLength);
}

function lossy(scanner: JsonScanner, datatype: Datatype): TransportError {
  const { shortName } = tensorflowType(datatype);
  return new TransportError(
    "INVALID_ARGUMENT",
    `Cannot convert JSON value: ${scanner.numberText()} to ${shortName} without loss of precision.`,
  );
}
