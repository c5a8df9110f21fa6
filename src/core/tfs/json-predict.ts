import { TransportError } from "../errors.ts";
import type { InferRequest } from "../inference.ts";
import type { TensorMetadata } from "../metadata.ts";
import type { Tensor } from "../tensor.ts";
import type { RequestEnvelope } from "./envelope.ts";
import type { PredictLayout } from "./json-predict-writer.ts";
import { JSON_BYTE, JsonScanner } from "./json-scanner.ts";
import { type ExpectedTensor, JsonTensorReader } from "./json-tensor-reader.ts";

/** The one signature that a model has here. */
export const SIGNATURE_NAME = "serving_default";

/** What a predict body does not say itself; plain data. */
export interface PredictContext {
  readonly modelName: string;
  readonly modelVersion?: string | undefined;
  /** The model's inputs. */
  readonly inputs: readonly TensorMetadata[];
  /** Of our own clients. */
  readonly envelope?: RequestEnvelope | undefined;
}

/** A predict body, read. */
export interface ParsedPredict {
  readonly request: InferRequest;
  /** The answer has the same. */
  readonly layout: PredictLayout;
}

/**
 * Reads the body of a `:predict` request. Datatypes are those of the model's signature (of the envelope, where there is
 * one), shapes those of the lists.
 *
 * @throws {TransportError} INVALID_ARGUMENT with TensorFlow Serving's texts, UNIMPLEMENTED for half floats.
 */
export function parsePredictBody(body: Uint8Array, context: PredictContext): ParsedPredict {
  const { modelName, modelVersion, envelope } = context;
  const expected = expectedInputs(context);
  const scanner = new JsonScanner(body);
  if (scanner.peek() !== JSON_BYTE.openObject) throw invalid(`JSON Value: ${scanner.shown()} Is not object`);
  let layout: PredictLayout | undefined;
  let inputs: readonly Tensor[] = [];
  scanner.members((key) => {
    if (key === "signature_name") checkSignature(scanner);
    else if (key === "instances" || key === "inputs") {
      if (layout !== undefined) {
        throw invalid("Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist");
      }
      layout = key === "instances" ? "row" : "column";
      inputs = layout === "row" ? readRows(scanner, expected) : readColumns(scanner, expected);
    } else scanner.skip();
  });
  scanner.end();
  if (layout === undefined) throw invalid("Missing 'inputs' or 'instances' key");
  const request: InferRequest = {
    modelName,
    modelVersion,
    id: envelope?.id ?? "",
    parameters: envelope?.parameters,
    inputs: inputs.map((input) => ({ ...input, parameters: envelope?.inputs.get(input.name)?.parameters })),
  };
  return { request, layout };
}

function expectedInputs({ inputs, envelope }: PredictContext): readonly ExpectedTensor[] {
  if (envelope === undefined || envelope.inputs.size === 0) return inputs;
  return [...envelope.inputs].map(([name, { datatype, shape }]) => ({ name, datatype, shape }));
}

function checkSignature(scanner: JsonScanner): void {
  if (scanner.peek() !== JSON_BYTE.quote) {
    throw invalid(
      `JSON Value: ${scanner.shown()} not formatted correctly. 'signature_name' key must be a string value.`,
    );
  }
  checkSignatureName(scanner.text());
}

/** @throws {TransportError} INVALID_ARGUMENT for any other than the one that there is; the empty name is that one. */
export function checkSignatureName(name: string): void {
  if (name === "" || name === SIGNATURE_NAME) return;
  throw invalid(`Serving signature name: "${name}" not found in signature def`);
}

/** The value of `instances`. */
function readRows(scanner: JsonScanner, expected: readonly ExpectedTensor[]): readonly Tensor[] {
  if (scanner.peek() !== JSON_BYTE.openArray) throw invalid("Excepting 'instances' to be an list/array");
  const readers = readersOf(scanner, expected);
  const [only] = readers;
  if (!holdsNamedObjects(scanner)) {
    if (only === undefined || readers.length > 1) {
      throw invalid(
        "instances is a plain list, but expecting list of objects as multiple input tensors required as per tensorinfo_map",
      );
    }
    // A list of equal items is the tensor itself.
    explained("Failed to process 'instances' list.", () => only.read(scanner));
    const tensor = only.finish("column");
    if (tensor.shape[0] === 0 && expected[0]?.shape?.[0] !== 0)
      throw invalid("No values in 'instances' array");
    return [tensor];
  }
  scanner.elements((item) => {
    if (!isNamedObject(scanner)) {
      throw invalid(`Expecting object but got list at item ${item} of input list`);
    }
    readNamedItem(scanner, readers, item);
  });
  return readers.map((reader) => reader.finish("row"));
}

/** Looks at the first element of a list. */
function holdsNamedObjects(scanner: JsonScanner): boolean {
  const { at } = scanner;
  scanner.at += 1;
  const isNamed = isNamedObject(scanner);
  scanner.at = at;
  return isNamed;
}

function readNamedItem(scanner: JsonScanner, readers: readonly JsonTensorReader[], item: number): void {
  const names = (): string => readers.map(({ name }) => name).join(",");
  scanner.members((name) => {
    const reader = readers.find((each) => each.name === name);
    const where = `Failed to process element: ${item} key: ${name} of 'instances' list.`;
    explained(where, () => {
      if (reader === undefined) throw invalid(`JSON object: does not have named input: ${name}`);
      if (reader.items !== item) throw invalid("the key is there twice");
      reader.read(scanner);
    });
  });
  if (readers.some(({ items }) => items !== item + 1)) {
    throw invalid(
      `Failed to process element: ${item} of 'instances' list. JSON object: keys must be equal to: ${names()}`,
    );
  }
}

/** The value of `inputs`. */
function readColumns(scanner: JsonScanner, expected: readonly ExpectedTensor[]): readonly Tensor[] {
  const readers = readersOf(scanner, expected);
  const [only] = readers;
  if (isNamedObject(scanner)) {
    scanner.members((name) => {
      const reader = readers.find((each) => each.name === name);
      if (reader === undefined) scanner.skip();
      else if (reader.items > 0) throw invalid(`named input: ${name} is there twice in 'inputs' object.`);
      else reader.read(scanner);
    });
    const missing = readers.find(({ items }) => items === 0);
    if (missing !== undefined) throw invalid(`Missing named input: ${missing.name} in 'inputs' object.`);
  } else if (only === undefined || readers.length > 1) {
    throw invalid(
      "inputs is a plain value/list, but expecting an object as multiple input tensors required as per tensorinfo_map",
    );
  } else only.read(scanner);
  return readers.map((reader) => reader.finish("column"));
}

function readersOf(scanner: JsonScanner, expected: readonly ExpectedTensor[]): readonly JsonTensorReader[] {
  const bytesLeft = scanner.bytes.byteLength - scanner.at;
  return expected.map((tensor) => new JsonTensorReader(tensor, bytesLeft));
}

/** An object that is not `{"b64": …}`. */
function isNamedObject(scanner: JsonScanner): boolean {
  if (scanner.peek() !== JSON_BYTE.openObject) return false;
  const { at } = scanner;
  scanner.at += 1;
  const isBase64 = scanner.peek() === JSON_BYTE.quote && scanner.text() === "b64";
  scanner.at = at;
  return !isBase64;
}

/** Puts what was being read before the text of an error. */
function explained(where: string, read: () => void): void {
  try {
    read();
  } catch (reason) {
    const { status, message } = TransportError.from(reason, "INTERNAL");
    if (message.startsWith("JSON Parse error")) throw reason;
    throw new TransportError(status, `${where} Error: ${status}: ${message}`, { cause: reason });
  }
}

function invalid(message: string): TransportError {
  return new TransportError("INVALID_ARGUMENT", message);
}
