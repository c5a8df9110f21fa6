import { TransportError } from "../errors.ts";
import { type Datatype, elementCount, packBytes, type Tensor } from "../tensor.ts";
import { tensorflowType } from "./data-type.ts";
import { type ElementStore, numberStore } from "./element-store.ts";
import { JSON_BYTE, type JsonScanner } from "./json-scanner.ts";

/** Deeper nesting than any tensor has. */
const MAX_RANK = 100;

/** The name of a tensor and what is known of it; a tensor without a datatype takes what its values look like. */
export interface ExpectedTensor {
  readonly name: string;
  readonly datatype?: Datatype | undefined;
  /** Free dimensions are -1; a hint of how much is to come, and the shape where nested lists cannot tell it (`[]`). */
  readonly shape?: readonly number[] | undefined;
}

/**
 * Collects one tensor from JSON: a whole value (column form), or item after item, each one element of the batch (row
 * form). Nested lists must be regular. Texts of errors are TensorFlow Serving's.
 */
export class JsonTensorReader {
  readonly name: string;
  readonly #expected: ExpectedTensor;
  readonly #datatype: Datatype | undefined;
  readonly #numbers: ElementStore | undefined;
  readonly #dims: number[] = [];
  /** Of one value; -1 until its first element was seen. */
  #rank = -1;
  #items = 0;
  /** Elements that are no numbers. */
  readonly #booleans: number[] = [];
  readonly #texts: Uint8Array[] = [];

  /** @param bytesLeft - of the JSON: no more elements than bytes can come. */
  constructor(expected: ExpectedTensor, bytesLeft: number) {
    this.name = expected.name;
    this.#expected = expected;
    this.#datatype = expected.datatype;
    const likely = elementCount((expected.shape ?? []).map((size) => Math.max(1, size)));
    this.#numbers = numberStore(expected.datatype, Math.min(likely, Math.ceil(bytesLeft / 2)));
  }

  /** Items taken in row form. */
  get items(): number {
    return this.#items;
  }

  /** Reads one value where the scanner stands. @throws {TransportError} INVALID_ARGUMENT, UNIMPLEMENTED */
  read(scanner: JsonScanner): void {
    this.#items += 1;
    this.#value(scanner, 0);
  }

  /** The tensor. @param layout - `row`: the items' number is its first size. @throws {TransportError} */
  finish(layout: "row" | "column"): Tensor {
    if (this.#rank >= 0 && this.#dims.length !== this.#rank) {
      throw invalid("Encountered list at unexpected level: lists are nested unequally");
    }
    const found = layout === "row" ? [this.#items, ...this.#dims] : this.#dims;
    const { datatype, data } = this.#content();
    const { shape: told } = this.#expected;
    // Only the caller can say how a tensor without elements is shaped.
    const isEmpty = elementCount(found) === 0;
    const shape = isEmpty && told?.every((size) => size >= 0) && elementCount(told) === 0 ? told : found;
    return { name: this.name, datatype, shape, data };
  }

  #content(): { readonly datatype: Datatype; readonly data: Uint8Array } {
    const datatype = this.#datatype ?? this.#looks();
    if (datatype === "BOOL") return { datatype, data: Uint8Array.from(this.#booleans) };
    if (datatype === "BYTES") return { datatype, data: packBytes(this.#texts) };
    return this.#numbers?.finish() ?? { datatype, data: new Uint8Array() };
  }

  /** The datatype of values that nobody has named: FP32 stands for numbers, which the store tells apart. */
  #looks(): Datatype {
    const isText = this.#texts.length > 0;
    const isBoolean = this.#booleans.length > 0;
    if (!isText && !isBoolean) return "FP32";
    const count = elementCount(this.#dims) * Math.max(1, this.#items);
    if (this.#texts.length !== count && this.#booleans.length !== count) {
      throw invalid(`'${this.name}' mixes numbers, booleans and strings`);
    }
    return isText ? "BYTES" : "BOOL";
  }

  #value(scanner: JsonScanner, level: number): void {
    const byte = scanner.peek();
    if (byte !== JSON_BYTE.openArray) {
      this.#atLevel(scanner, level);
      this.#element(scanner, byte);
      return;
    }
    if (level >= MAX_RANK || (this.#rank >= 0 && level >= this.#rank)) {
      throw invalid(`Encountered list at unexpected level: ${level} expected < ${this.#rank}`);
    }
    let size: number;
    scanner.at += 1;
    const first = scanner.peek();
    if (first === JSON_BYTE.closeArray) {
      scanner.at += 1;
      size = 0;
    } else if (this.#numbers !== undefined && first !== JSON_BYTE.openArray && first !== JSON_BYTE.quote) {
      this.#atLevel(scanner, level + 1);
      size = this.#row(scanner, this.#numbers);
    } else {
      size = 0;
      do {
        this.#value(scanner, level + 1);
        size += 1;
      } while (scanner.take(JSON_BYTE.comma));
      scanner.expect(JSON_BYTE.closeArray, "Missing a comma or ] after an array element.");
    }
    const expected = this.#dims[level];
    if (expected === undefined) this.#dims[level] = size;
    else if (expected !== size) {
      throw invalid(
        `Encountered list at unexpected size: ${size} at level: ${level} expected size: ${expected}`,
      );
    }
  }

  /** The numbers of an innermost list: most of a large body is read here. */
  #row(scanner: JsonScanner, numbers: ElementStore): number {
    let count = 0;
    for (;;) {
      if (!numbers.put(scanner)) {
        if (this.#datatype !== undefined) throw this.#typeError(scanner);
        this.#element(scanner, scanner.peek());
      }
      count += 1;
      const byte = scanner.peek();
      if (byte === JSON_BYTE.comma) scanner.at += 1;
      else if (byte === JSON_BYTE.closeArray) {
        scanner.at += 1;
        return count;
      } else throw scanner.error("Missing a comma or ] after an array element.");
      if (scanner.peek() === JSON_BYTE.openArray) {
        throw invalid(`Encountered list at unexpected level: ${this.#rank} expected < ${this.#rank}`);
      }
    }
  }

  #atLevel(scanner: JsonScanner, level: number): void {
    if (this.#rank < 0) this.#rank = level;
    if (this.#rank !== level) {
      throw invalid(
        `JSON Value: ${scanner.shown()} found at incorrect level: ${level + 1} in the JSON DOM. Expected at level: ${this.#rank}`,
      );
    }
  }

  #element(scanner: JsonScanner, byte: number): void {
    const datatype = this.#datatype;
    if (datatype === "FP16" || datatype === "BF16") {
      throw new TransportError(
        "UNIMPLEMENTED",
        `Conversion of JSON Value: ${scanner.shown()} to type: ${tensorflowType(datatype).shortName}`,
      );
    }
    const isText = byte === JSON_BYTE.quote || byte === JSON_BYTE.openObject;
    if (isText && (datatype ?? "BYTES") === "BYTES") {
      this.#texts.push(byte === JSON_BYTE.quote ? Buffer.from(scanner.text(), "utf8") : readBase64(scanner));
      return;
    }
    if ((datatype ?? "BOOL") === "BOOL" && !isText) {
      const isTrue = scanner.literal("true");
      if (isTrue || scanner.literal("false")) {
        this.#booleans.push(isTrue ? 1 : 0);
        return;
      }
    }
    if (this.#numbers?.put(scanner) !== true) throw this.#typeError(scanner);
  }

  #typeError(scanner: JsonScanner): TransportError {
    const type = this.#datatype === undefined ? "one type" : tensorflowType(this.#datatype).shortName;
    return invalid(`JSON Value: ${scanner.shown()} is not of expected type: ${type}`);
  }
}

/** `{"b64": "…"}`: bytes that are no text. */
function readBase64(scanner: JsonScanner): Uint8Array {
  const shown = scanner.shown();
  let encoded: string | undefined;
  let members = 0;
  scanner.members((name) => {
    members += 1;
    if (name === "b64" && scanner.peek() === JSON_BYTE.quote) encoded = scanner.text();
    else scanner.skip();
  });
  if (encoded === undefined || members !== 1) {
    throw invalid(`JSON Value: ${shown} not formatted correctly for base64 data`);
  }
  // Buffer passes over what is no base64, silently.
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(encoded)) throw invalid("Unable to base64 decode");
  return Buffer.from(encoded, "base64");
}

function invalid(message: string): TransportError {
  return new TransportError("INVALID_ARGUMENT", message);
}
