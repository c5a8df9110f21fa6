import { constants, isUtf8 } from "node:buffer";
import { messageOf, TransportError } from "../errors.ts";
import type { Parameters } from "../parameters.ts";
import { type Datatype, elementCount, isDatatype } from "../tensor.ts";
import { parseWithBareWords } from "./json-bare-words.ts";
import { withExactIntegers } from "./json-exact-integers.ts";

/** A JSON object whose members have not been checked. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The error of every malformed message: one line, naming where. */
export function malformed(message: string, cause?: unknown): TransportError {
  return new TransportError("INVALID_ARGUMENT", message, cause === undefined ? {} : { cause });
}

/**
 * What was found, short enough for a message. Arrays and objects are only named: writing them out could take as long as they
 * are large, or as many stack frames as they are deep.
 */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "[]" : `an array of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "symbol") return value.description ?? "nothing";
  const text = JSON.stringify(typeof value === "string" ? value.slice(0, 40) : value) ?? "nothing";
  return text.length > 40 ? `${text.slice(0, 37)}…` : text;
}

/**
 * Parses UTF-8 JSON whose top level is an object.
 *
 * @param tensors - the member whose tensors may have NaN and infinities as bare words, see `parseWithBareWords`, and shall
 * keep all digits of 64-bit integers, see `withExactIntegers`.
 * @throws {TransportError} INVALID_ARGUMENT, RESOURCE_EXHAUSTED
 */
export function parseJsonObject(bytes: Uint8Array, what: string, tensors?: "inputs" | "outputs"): JsonObject {
  if (bytes.byteLength > constants.MAX_STRING_LENGTH) {
    throw new TransportError(
      "RESOURCE_EXHAUSTED",
      `${what} has ${bytes.byteLength} bytes of JSON, more than one string of JavaScript can hold (${constants.MAX_STRING_LENGTH}): use the binary encoding`,
    );
  }
  let text: string;
  let value: unknown;
  try {
    // Buffer's own decoding replaces invalid bytes silently.
    if (!isUtf8(bytes)) throw new Error("it is not UTF-8");
    text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
    value = tensors === undefined ? JSON.parse(text) : parseWithBareWords(text);
  } catch (reason) {
    throw malformed(`${what} is not JSON: ${messageOf(reason)}`, reason);
  }
  const fields = objectOf(value, what);
  return tensors === undefined ? fields : withExactIntegers(fields, text, tensors);
}

/** A member that may be left out: `null` means the same, as some clients write what they have not set. */
export function optional(fields: JsonObject, name: string): unknown {
  return fields[name] ?? undefined;
}

export function objectOf(value: unknown, where: string): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw malformed(`${where}: expected a JSON object, got ${shown(value)}`);
  }
  return value as JsonObject;
}

export function arrayOf(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw malformed(`${where}: expected a JSON array, got ${shown(value)}`);
  return value;
}

export function textOf(value: unknown, where: string): string {
  if (typeof value !== "string") throw malformed(`${where}: expected a string, got ${shown(value)}`);
  return value;
}

export function datatypeOf(value: unknown, where: string): Datatype {
  const name = textOf(value, where);
  if (!isDatatype(name)) throw malformed(`${where}: unknown datatype '${name}'`);
  return name;
}

export function shapeOf(value: unknown, where: string): readonly number[] {
  const shape = arrayOf(value, where).map((size) => {
    if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) {
      throw malformed(`${where}: expected non-negative integers, got ${shown(size)}`);
    }
    return size;
  });
  if (!Number.isSafeInteger(elementCount(shape))) {
    throw malformed(`${where}: more elements than can be counted exactly`);
  }
  return shape;
}

/** Strings, numbers and booleans by name; `undefined` for an absent or empty object. */
export function parametersOf(value: unknown, where: string): Parameters | undefined {
  if (value === undefined) return undefined;
  const fields = objectOf(value, where);
  const names = Object.keys(fields);
  for (const name of names) {
    const found = fields[name];
    if (typeof found !== "string" && typeof found !== "number" && typeof found !== "boolean") {
      throw malformed(`${where}.${name}: expected a string, number or boolean, got ${shown(found)}`);
    }
  }
  return names.length === 0 ? undefined : (fields as Parameters);
}

/** A boolean parameter; `undefined` when it is not there. */
export function flagOf(parameters: Parameters | undefined, name: string, where: string): boolean | undefined {
  const value = parameters !== undefined && Object.hasOwn(parameters, name) ? parameters[name] : undefined;
  if (value !== undefined && typeof value !== "boolean") {
    throw malformed(`${where}.${name}: expected true or false, got ${shown(value)}`);
  }
  return value;
}
