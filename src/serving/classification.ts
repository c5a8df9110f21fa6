import { TransportError } from "../core/errors.ts";
import { DATATYPE_BYTES, elementCount, packBytes, type Tensor } from "../core/tensor.ts";
import { type ClassDatatype, isClassDatatype, rankedScores } from "./ranked-scores.ts";
import type { ServedModel } from "./request-shape.ts";
import { type WantedOutput, wantsClasses } from "./wanted-outputs.ts";

/** What of a model matters here. */
export type ClassifiedModel = Pick<ServedModel, "maxBatchSize" | "labels" | "outputLabels"> &
  Partial<Pick<ServedModel, "signature">>;

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
