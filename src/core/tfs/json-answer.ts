import { TransportError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";
import { JSON_BYTE, JsonScanner } from "./json-scanner.ts";
import { type ExpectedTensor, JsonTensorReader } from "./json-tensor-reader.ts";

/** The name of an answer's only output where nobody tells it. */
const UNNAMED = "predictions";

/**
 * Reads the body of an answer to `:predict`, of TensorFlow Serving and of KServe's V1 protocol.
 *
 * @param expected - what is known of the outputs; empty: names are the keys of the answer (`predictions` for an only
 * one), numbers become INT64 when all are written as integers, else FP32.
 * @throws {TransportError} INTERNAL for anything malformed: it is the server's fault.
 */
export function parsePredictAnswer(body: Uint8Array, expected: readonly ExpectedTensor[]): readonly Tensor[] {
  try {
    const scanner = new JsonScanner(body);
    let outputs: readonly Tensor[] | undefined;
    scanner.members((key) => {
      if (key === "predictions") outputs = readPredictions(scanner, expected);
      else if (key === "outputs") outputs = readOutputs(scanner, expected);
      else scanner.skip();
    });
    scanner.end();
    if (outputs === undefined) {
      throw new TransportError("INTERNAL", "it has neither 'predictions' nor 'outputs'");
    }
    return outputs;
  } catch (cause) {
    const { message } = TransportError.from(cause);
    throw new TransportError("INTERNAL", `the server's answer is malformed: ${message}`, { cause });
  }
}

function readPredictions(scanner: JsonScanner, expected: readonly ExpectedTensor[]): readonly Tensor[] {
  const { at } = scanner;
  scanner.expect(JSON_BYTE.openArray, "Invalid value.");
  const isNamed = scanner.peek() === JSON_BYTE.openObject && !isBase64(scanner);
  scanner.at = at;
  if (!isNamed) return [readOnly(scanner, expected)];
  const named = new NamedReaders(scanner, expected);
  scanner.elements(() => scanner.members((name) => named.of(name).read(scanner)));
  return named.finish("row");
}

function readOutputs(scanner: JsonScanner, expected: readonly ExpectedTensor[]): readonly Tensor[] {
  if (scanner.peek() !== JSON_BYTE.openObject || isBase64(scanner)) return [readOnly(scanner, expected)];
  const named = new NamedReaders(scanner, expected);
  scanner.members((name) => named.of(name).read(scanner));
  return named.finish("column");
}

function readOnly(scanner: JsonScanner, expected: readonly ExpectedTensor[]): Tensor {
  const reader = new JsonTensorReader(expected[0] ?? { name: UNNAMED }, bytesLeft(scanner));
  reader.read(scanner);
  return reader.finish("column");
}

function bytesLeft({ bytes, at }: JsonScanner): number {
  return bytes.byteLength - at;
}

function isBase64(scanner: JsonScanner): boolean {
  const { at } = scanner;
  scanner.at += 1;
  const is = scanner.peek() === JSON_BYTE.quote && scanner.text() === "b64";
  scanner.at = at;
  return is;
}

/** Readers by the names that an answer has: in the order in which the outputs are known, then as they came. */
class NamedReaders {
  readonly #scanner: JsonScanner;
  readonly #expected: readonly ExpectedTensor[];
  readonly #readers = new Map<string, JsonTensorReader>();

  constructor(scanner: JsonScanner, expected: readonly ExpectedTensor[]) {
    this.#scanner = scanner;
    this.#expected = expected;
  }

  of(name: string): JsonTensorReader {
    let reader = this.#readers.get(name);
    if (reader === undefined) {
      const known = this.#expected.find((tensor) => tensor.name === name) ?? { name };
      reader = new JsonTensorReader(known, bytesLeft(this.#scanner));
      this.#readers.set(name, reader);
    }
    return reader;
  }

  finish(layout: "row" | "column"): readonly Tensor[] {
    const known = this.#expected.flatMap(({ name }) => this.#readers.get(name) ?? []);
    const others = [...this.#readers.values()].filter((reader) => !known.includes(reader));
    return [...known, ...others].map((reader) => reader.finish(layout));
  }
}
