import { TransportError } from "../errors.ts";
import { encodeText } from "../oip/json-text.ts";
import type { Tensor } from "../tensor.ts";
import { tensorTexts } from "./json-tensor-writer.ts";

/** `row`: `instances` and `predictions`, one item an element of the batch; `column`: `inputs` and `outputs`. */
export type PredictLayout = "row" | "column";

/**
 * Writes the whole body of an answer.
 *
 * @throws {TransportError} INVALID_ARGUMENT for outputs without one batch size in row form, and for half floats.
 */
export function writePredictAnswer(outputs: readonly Tensor[], layout: PredictLayout): Uint8Array {
  if (outputs.length === 0) throw invalid("Cannot convert empty tensor map to JSON");
  const pieces = layout === "row" ? ['{"predictions":'] : ['{"outputs":'];
  writeTensors(outputs, layout, pieces);
  pieces.push("}\n");
  return encodeText(pieces);
}

/** Writes the body of a request. @throws {TransportError} INVALID_ARGUMENT, as above. */
export function writePredictBody(inputs: readonly Tensor[], layout: PredictLayout): Uint8Array {
  const pieces = layout === "row" ? ['{"instances":'] : ['{"inputs":'];
  writeTensors(inputs, layout, pieces);
  pieces.push("}");
  return encodeText(pieces);
}

function writeTensors(tensors: readonly Tensor[], layout: PredictLayout, pieces: string[]): void {
  const texts = tensors.map(tensorTexts);
  const isNamed = tensors.length > 1;
  const names = tensors.map(({ name }, index) => `${index === 0 ? "{" : ","}${JSON.stringify(name)}:`);
  if (layout === "column") {
    for (const [index, text] of texts.entries()) {
      if (isNamed) pieces.push(names[index] ?? "");
      text.writeAll(pieces);
    }
    if (isNamed) pieces.push("}");
    return;
  }
  if (!isNamed && tensors[0] !== undefined && tensors[0].shape.length > 0) {
    texts[0]?.writeAll(pieces);
    return;
  }
  const batch = batchSize(tensors);
  pieces.push("[");
  for (let item = 0; item < batch; item++) {
    if (item > 0) pieces.push(",");
    for (const [index, text] of texts.entries()) {
      pieces.push(names[index] ?? "");
      text.writeItem(item, pieces);
    }
    pieces.push("}");
  }
  pieces.push("]");
}

function batchSize(tensors: readonly Tensor[]): number {
  let batch: number | undefined;
  for (const { name, shape } of tensors) {
    const [size] = shape;
    if (size === undefined) throw invalid(`Tensor name: ${name} has no shape information`);
    if (batch !== undefined && batch !== size) {
      throw invalid(`Tensor name: ${name} has inconsistent batch size: ${size} expecting: ${batch}`);
    }
    batch = size;
  }
  return batch ?? 0;
}

function invalid(message: string): TransportError {
  return new TransportError("INVALID_ARGUMENT", message);
}
