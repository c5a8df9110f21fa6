import { TransportError } from "../core/errors.ts";
import { channelsOf, isPixelEncoding, PIXEL_ENCODINGS, type PixelEncoding } from "../core/frame.ts";
import type { TensorMetadata } from "../core/metadata.ts";
import { CONTENT } from "../core/parameters.ts";
import { checkTensor, type Tensor } from "../core/tensor.ts";
import type { Recipe } from "./recipe.ts";
import type { Reshapes } from "./reshape.ts";
import type { WantedOutput } from "./wanted-outputs.ts";

/** What must be known of a model to check a request to it; plain data. */
export interface ServedModel {
  readonly name: string;
  readonly version: string;
  readonly recipe: Recipe | "raw";
  readonly signature: {
    readonly inputs: readonly TensorMetadata[];
    readonly outputs: readonly TensorMetadata[];
  };
  /** Absent: the model takes and gives the shapes of the signature. */
  readonly reshapes?: Reshapes | undefined;
  /** Triton's meaning: 0 when the first dimension is not a batch. */
  readonly maxBatchSize: number;
  /** Names of the classes, class 0 first; `outputLabels`: of the outputs that have others. For classification. */
  readonly labels?: readonly string[] | undefined;
  readonly outputLabels?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** `tensor`: the model's own inputs; `compressed`: a JPEG or PNG; else pixels. */
export type RequestContent = "tensor" | "compressed" | PixelEncoding;

export interface RequestShape {
  readonly content: RequestContent;
  /** Batch elements. */
  readonly elements: number;
  /** Requests of equal keys may run as one batch; absent: runs alone. */
  readonly batchKey: string | undefined;
}

/**
 * Says what a request holds, after checking that it fits the model.
 * @throws {TransportError} INVALID_ARGUMENT, on one line.
 */
export function shapeRequest(
  model: ServedModel,
  inputs: readonly Tensor[],
  outputs: readonly WantedOutput[] | undefined,
): RequestShape {
  const content = contentOf(model, inputs);
  if (content === "tensor") checkInputs(model, inputs);
  else checkImage(model, inputs[0]!, content);
  // Where the first dimension is no batch it does not say how many there are.
  const isOne = content === "compressed" || model.maxBatchSize === 0;
  const elements = isOne ? 1 : (inputs[0]?.shape[0] ?? 1);
  if (model.maxBatchSize > 0 && elements > model.maxBatchSize) {
    throw invalid(
      `inference request batch-size must be <= ${model.maxBatchSize} for '${model.name}', got ${elements}`,
    );
  }
  if (content === "tensor") checkOutputs(model, outputs);
  const free =
    model.maxBatchSize > 1 &&
    content !== "compressed" &&
    elements > 0 &&
    inputs.every(({ shape }) => shape[0] === elements);
  return { content, elements, batchKey: free ? keyOf(content, inputs, outputs) : undefined };
}

function contentOf(model: ServedModel, inputs: readonly Tensor[]): RequestContent {
  const named = inputs.find(({ parameters }) => parameters?.[CONTENT] !== undefined);
  const only = inputs[0];
  if (named === undefined) {
    const compressed = only?.datatype === "BYTES" && model.signature.inputs[0]?.datatype !== "BYTES";
    return compressed && inputs.length === 1 ? "compressed" : "tensor";
  }
  const content = named.parameters?.[CONTENT];
  if (content === "tensor") return "tensor";
  if (inputs.length !== 1) throw invalid(`an image is the only input of its request, got ${inputs.length}`);
  if (named.datatype === "BYTES") return "compressed";
  if (typeof content === "string" && isPixelEncoding(content)) return content;
  throw invalid(
    `input '${named.name}': ${CONTENT} must be tensor or one of ${PIXEL_ENCODINGS.join(", ")}, got '${content}'`,
  );
}

function checkImage(model: ServedModel, input: Tensor, content: RequestContent): void {
  if (model.recipe === "raw") {
    throw invalid(`model '${model.name}' has no recipe for images (raw): send its own input tensors`);
  }
  if (model.signature.inputs.length !== 1) {
    throw invalid(`model '${model.name}' has ${model.signature.inputs.length} inputs: send its own tensors`);
  }
  // The shape first: to count elements takes as long as there are many.
  checkImageShape(model, input, content);
  checkTensor(input);
}

function checkImageShape(model: ServedModel, input: Tensor, content: RequestContent): void {
  const { name, datatype, shape } = input;
  if (content === "compressed") {
    if (shape.length !== 1 || shape[0] !== 1) {
      throw invalid(`input '${name}': expected one compressed image, BYTES [1], got BYTES [${shape}]`);
    }
    return;
  }
  if (content === "tensor") return;
  const channels = channelsOf(content);
  const [count = 0, heightPx = 0, widthPx = 0] = shape;
  if (
    datatype !== "UINT8" ||
    shape.length !== 4 ||
    shape[3] !== channels ||
    !count ||
    !heightPx ||
    !widthPx
  ) {
    throw invalid(
      `input '${name}': expected ${content} as UINT8 [1,height,width,${channels}], got ${datatype} [${shape}]`,
    );
  }
  if (count > Math.max(1, model.maxBatchSize)) {
    throw invalid(`input '${name}': model '${model.name}' takes one image a request, got ${count}`);
  }
}

function checkInputs({ name: model, signature }: ServedModel, inputs: readonly Tensor[]): void {
  if (inputs.length !== signature.inputs.length) {
    throw invalid(
      `expected ${signature.inputs.length} inputs but got ${inputs.length} inputs for model '${model}'`,
    );
  }
  const twice = inputs.find(({ name }, i) => inputs.findIndex((other) => other.name === name) !== i);
  if (twice !== undefined) throw invalid(`input '${twice.name}' is in the request twice`);
  for (const input of inputs) {
    const expected = signature.inputs.find(({ name }) => name === input.name);
    if (expected === undefined) {
      const names = signature.inputs.map(({ name }) => name).join(", ");
      throw invalid(`unexpected inference input '${input.name}' for model '${model}'; there is: ${names}`);
    }
    if (input.datatype !== expected.datatype) {
      throw invalid(
        `inference input '${input.name}' data-type is ${input.datatype}, but model '${model}' expects ${expected.datatype}`,
      );
    }
    const fits =
      input.shape.length === expected.shape.length &&
      input.shape.every((size, axis) => expected.shape[axis]! < 0 || size === expected.shape[axis]);
    if (!fits) {
      throw invalid(
        `unexpected shape for input '${input.name}' for model '${model}': expected [${expected.shape}], got [${input.shape}]`,
      );
    }
    checkTensor(input);
  }
}

function checkOutputs({ name: model, signature }: ServedModel, outputs: readonly WantedOutput[] = []): void {
  for (const { name } of outputs) {
    if (!signature.outputs.some((output) => output.name === name)) {
      const names = signature.outputs.map((output) => output.name).join(", ");
      throw invalid(`unexpected inference output '${name}' for model '${model}'; there is: ${names}`);
    }
  }
}

function keyOf(
  content: RequestContent,
  inputs: readonly Tensor[],
  outputs: readonly WantedOutput[] | undefined,
): string {
  const shapes = inputs.map(({ name, shape }) => `${content === "tensor" ? name : ""}[${shape.slice(1)}]`);
  const names = outputs?.map(({ name, classes }) => (classes === undefined ? name : `${name}#${classes}`));
  return [content, ...shapes, ">", ...(names ?? ["*"])].join(" ");
}

function invalid(message: string): TransportError {
  return new TransportError("INVALID_ARGUMENT", message);
}
