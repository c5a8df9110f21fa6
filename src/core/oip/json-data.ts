import { isUtf8 } from "node:buffer";
import {
  DATATYPE_BYTES,
  type Datatype,
  elementCount,
  packBytes,
  splitBytes,
  type Tensor,
} from "../tensor.ts";
import { malformed, shown } from "./json-fields.ts";
import { isNumeric, type NumericDatatype, numbersOver, specialNumber } from "./json-numbers.ts";

/** Nesting of `data` beyond any sensible number of dimensions: Triton's limit. */
const MAX_DEPTH = 100;

/**
 * Turns the `data` member of a tensor into its bytes, in one pass into one new buffer.
 *
 * Flat and nested arrays mean the same, row-major; only the number of elements must fit the shape, as in Triton.
 * Numbers must be exact in the datatype (floating point is rounded, but must not overflow); the texts `NaN`, `Infinity`
 * and `-Infinity` stand for what JSON cannot write, as in protobuf's JSON mapping, and so do the bare words of Triton and of
 * Python's json (`parseWithBareWords`). 64-bit integers may be texts, as in that mapping: from ±2^53 on they have to be,
 * because a number has lost its digits by then (`withExactIntegers`). BOOL are true
 * and false, BYTES are strings (UTF-8). FP16 and BF16 travel as binary only.
 *
 * @throws {TransportError} INVALID_ARGUMENT
 */
export function readJsonData(
  data: unknown,
  datatype: Datatype,
  shape: readonly number[],
  name: string,
): Uint8Array {
  if (!Array.isArray(data)) throw malformed(`tensor '${name}': data must be an array, got ${shown(data)}`);
  const expected = elementCount(shape);
  const rows = leafRows(data, name);
  const found = rows.reduce((count, row) => count + row.length, 0);
  // Counted before anything is allocated: the shape alone must not cost memory.
  if (found !== expected) {
    throw malformed(`tensor '${name}': expected ${expected} elements for shape [${shape}], got ${found}`);
  }
  if (isNumeric(datatype)) return readNumbers(rows, datatype, expected, name);
  if (datatype === "BOOL") return readBooleans(rows, expected, name);
  if (datatype === "BYTES") {
    const texts = rows.flat().map((element) => {
      if (typeof element !== "string") {
        throw malformed(`tensor '${name}': expected strings for BYTES, got ${shown(element)}`);
      }
      return Buffer.from(element, "utf8");
    });
    return packBytes(texts);
  }
  throw onlyBinary(name, datatype);
}

/**
 * The text of a tensor's `data` member, a flat array, in pieces to be joined.
 *
 * Floating point is written with the digits of the nearest double, so it reads back bit for bit (except the payload of
 * a NaN); NaN and infinities, which JSON has no numbers for, become the texts `"NaN"`, `"Infinity"`, `"-Infinity"`;
 * 64-bit integers keep all digits.
 *
 * @throws {TransportError} INVALID_ARGUMENT for FP16, BF16 and for BYTES that are not UTF-8: those travel as binary only.
 */
export function writeJsonData({ name, datatype, data }: Tensor): string[] {
  if (isNumeric(datatype)) {
    return ["[", ...numbersOver(data, datatype).texts(), "]"];
  }
  if (datatype === "BOOL")
    return [`[${Array.from(data, (byte) => (byte === 0 ? "false" : "true")).join(",")}]`];
  if (datatype === "BYTES") {
    const texts = splitBytes(data, name).map((element) => {
      if (!isUtf8(element)) {
        throw malformed(`tensor '${name}': its BYTES are not UTF-8 text and travel as binary only`);
      }
      return JSON.stringify(
        Buffer.from(element.buffer, element.byteOffset, element.byteLength).toString("utf8"),
      );
    });
    return [`[${texts.join(",")}]`];
  }
  throw onlyBinary(name, datatype);
}

function onlyBinary(name: string, datatype: Datatype): Error {
  return malformed(`tensor '${name}': ${datatype} cannot travel as JSON, only in the binary part`);
}

/** The innermost arrays, in order; the array itself when it is flat. */
function leafRows(data: readonly unknown[], name: string): (readonly unknown[])[] {
  const rows: (readonly unknown[])[] = [];
  const visit = (array: readonly unknown[], depth: number): void => {
    if (depth > MAX_DEPTH)
      throw malformed(`tensor '${name}': data is nested deeper than ${MAX_DEPTH} arrays`);
    if (!Array.isArray(array[0])) {
      rows.push(array);
      return;
    }
    for (const inner of array) {
      if (!Array.isArray(inner)) {
        throw malformed(`tensor '${name}': data mixes arrays and elements: ${shown(inner)}`);
      }
      visit(inner, depth + 1);
    }
  };
  visit(data, 1);
  return rows;
}

function readNumbers(
  rows: readonly (readonly unknown[])[],
  datatype: NumericDatatype,
  count: number,
  name: string,
): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(count * DATATYPE_BYTES[datatype]);
  const numbers = numbersOver(bytes, datatype);
  let at = 0;
  for (const row of rows) {
    let bad = numbers.fill(row, at);
    while (bad >= 0) {
      const special = specialNumber(row[bad], datatype);
      if (special === undefined) {
        throw malformed(
          `tensor '${name}': element ${at + bad} is not a valid ${datatype}: ${shown(row[bad])}`,
        );
      }
      numbers.put(at + bad, special);
      bad = numbers.fill(row, at, bad + 1);
    }
    at += row.length;
  }
  return new Uint8Array(bytes.buffer);
}

function readBooleans(rows: readonly (readonly unknown[])[], count: number, name: string): Uint8Array {
  const bytes = new Uint8Array(count);
  let at = 0;
  for (const row of rows) {
    for (const value of row) {
      if (typeof value !== "boolean") {
        throw malformed(`tensor '${name}': expected true or false for BOOL, got ${shown(value)}`);
      }
      bytes[at++] = value ? 1 : 0;
    }
  }
  return bytes;
}
