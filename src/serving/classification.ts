import { TransportError } from "../core/errors.ts";
import type { RequestedOutput } from "../core/inference.ts";
import { DATATYPE_BYTES, elementCount, packBytes, type Tensor } from "../core/tensor.ts";
import { type ClassDatatype, isClassDatatype, rankedScores } from "./ranked-scores.ts";
import type { ServedModel } from "./request-shape.ts";

/** Triton's parameter of a requested output: how many classes to name instead of the tensor. */
const CLASSIFICATION = "classification";
/** Each class is an object and a text: a request for as many as a large tensor has values would take all memory. */
export const MOST_CLASSES = 65_536;

/** What of a model matters here. */
export type ClassifiedModel = Pick<ServedModel, "maxBatchSize" | "labels" | "outputLabels"> &
  Partial<Pick<ServedModel, "signature">>;

/** An output that is wanted. Plain data. */
export interface WantedOutput {
  readonly name: string;
  /** How many of the greatest values to name instead of the tensor; absent: the tensor itself. */
  readonly classes?: number | undefined;
}

/**
 * The outputs that a request asks for; undefined: all of them, as they are (a request that names none asks for all).
 * @throws {TransportError} INVALID_ARGUMENT for a `classification` that is no count, or above {@link MOST_CLASSES}.
 */
export function wantedOutputs(
  outputs: readonly RequestedOutput[] | undefined,
): readonly WantedOutput[] | undefined {
  if (outputs === undefined || outputs.length === 0) return undefined;
  return outputs.map(({ name, parameters }) => {
    const classes = parameters?.[CLASSIFICATION];
    if (classes === undefined) return { name };
    const isCount = typeof classes === "number" && Number.isSafeInteger(classes);
    if (isCount && classes > 0 && classes <= MOST_CLASSES) return { name, classes };
    throw new TransportError(
      "INVALID_ARGUMENT",
      `invalid value for parameter '${CLASSIFICATION}' of output '${name}': expected a count from 1 to ${MOST_CLASSES}, got '${classes}'`,
    );
  });
}

/** Whether any output is to be classified. */
export function wantsClasses(wanted: readonly WantedOutput[] | undefined): boolean {
  return wanted?.some(({ classes }) => classes !== undefined) ?? false;
}

/**
 * Puts the classes in the place of the outputs that are to be classified: BYTES `[k]`, or `[batch, k]` for a model whose first
 * dimension is a batch, each element the text `value:index` or `value:index:label`, the greatest value first; fewer than asked for
 * when there are fewer values. Whole numbers are written as such, others with six decimals.
 *
 * @throws {TransportError} INVALID_ARGUMENT for an output that is no number of 8 to 64 bits.
 * @see https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_classification.md
 */
export function classifyOutputs(
  outputs: readonly Tensor[],
  wanted: readonly WantedOutput[] | undefined,
  model: ClassifiedModel,
): readonly Tensor[] {
  if (!wantsClasses(wanted)) return outputs;
  return outputs.map((output) => {
    const classes = wanted?.find(({ name }) => name === output.name)?.classes;
    if (classes === undefined) return output;
    return classify(output, classes, model);
  });
}

function classify(output: Tensor, classes: number, model: ClassifiedModel): Tensor {
  const { name, datatype, shape, data } = output;
  if (!isClassDatatype(datatype)) {
    throw new TransportError(
      "INVALID_ARGUMENT",
      `class result not available for output '${name}' due to unsupported type '${datatype}'`,
    );
  }
  const hasBatch = model.maxBatchSize > 0;
  const batch = hasBatch ? (shape[0] ?? 1) : 1;
  const values = batch === 0 ? 0 : elementCount(shape) / batch;
  const elementBytes = values * DATATYPE_BYTES[datatype];
  const labels = labelsOf(model, name, values);
  const texts: Uint8Array[] = [];
  for (let element = 0; element < batch; element++) {
    const scores = data.subarray(element * elementBytes, (element + 1) * elementBytes);
    for (const text of classTexts(scores, datatype, classes, labels)) texts.push(Buffer.from(text));
  }
  const found = Math.min(classes, values);
  return { name, datatype: "BYTES", shape: hasBatch ? [batch, found] : [found], data: packBytes(texts) };
}

/** The model's own labels are of outputs with a value for each class; a mask or the scores of the best have none. */
function labelsOf(model: ClassifiedModel, output: string, values: number): readonly string[] {
  const { labels = [], signature } = model;
  const own = model.outputLabels?.[output];
  if (own !== undefined) return own;
  const isModels = signature?.outputs.some(({ name }) => name === output) ?? false;
  return isModels && labels.length === values ? labels : [];
}

function classTexts(
  scores: Uint8Array,
  datatype: ClassDatatype,
  classes: number,
  labels: readonly string[],
): readonly string[] {
  return rankedScores(scores, datatype, classes).map(({ index, text }) => {
    const label = labels[index];
    return label === undefined ? `${text}:${index}` : `${text}:${index}:${label}`;
  });
}
