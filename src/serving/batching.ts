import { TransportError } from "../core/errors.ts";
import { DATATYPE_BYTES, type Tensor } from "../core/tensor.ts";

/** When waiting requests become one batch; names and meanings are Triton's. */
export interface BatchPolicy {
  /** Most batch elements of one execution. */
  readonly maxBatchSize: number;
  /** Sizes worth making, ascending or not; empty: `maxBatchSize`. */
  readonly preferredBatchSizes: readonly number[];
  /** How long the oldest request may wait for others, microseconds. */
  readonly maxQueueDelayUs: number;
}

/** The requests at the head of a queue that could join one batch. */
export interface BatchCandidates {
  /** Batch elements of each, in queue order; not empty. */
  readonly elements: readonly number[];
  /** The next request in the queue is of another kind: nobody else can join. */
  readonly sealed: boolean;
  /** How long the first one has waited, microseconds. */
  readonly waitedUs: number;
}

/**
 * How many requests to run now, or how long to wait for more. The largest preferred size that can be made is made at
 * once if it is the largest of all or nobody can join; else when the oldest has waited long enough, at which time what is
 * there runs, in a preferred size if there is one.
 *
 * @see https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/user_guide/batcher.html
 */
export function planBatch(
  { elements, sealed, waitedUs }: BatchCandidates,
  policy: BatchPolicy,
): { readonly take: number } | { readonly waitUs: number } {
  const preferred = policy.preferredBatchSizes.filter((size) => size <= policy.maxBatchSize);
  if (preferred.length === 0) preferred.push(policy.maxBatchSize);
  const largest = Math.max(...preferred);
  let total = 0;
  let fitting = 0;
  let best = 0;
  for (const count of elements) {
    if (total + count > policy.maxBatchSize) break;
    total += count;
    fitting += 1;
    if (preferred.includes(total)) best = fitting;
  }
  const take = best > 0 ? best : Math.max(1, fitting);
  const full = total >= largest || fitting < elements.length;
  if (full || sealed || waitedUs >= policy.maxQueueDelayUs) return { take };
  return { waitUs: policy.maxQueueDelayUs - waitedUs };
}

/**
 * Puts the inputs of several requests together along the first dimension (one copy; none for a single request).
 *
 * @param requests - each with the same names, datatypes and shapes, the first dimension excepted.
 */
export function stackTensors(requests: readonly (readonly Tensor[])[]): readonly Tensor[] {
  const first = requests[0]!;
  if (requests.length === 1) return first;
  return first.map((tensor, at) => {
    const parts = requests.map((inputs) => inputs.find(({ name }) => name === tensor.name) ?? inputs[at]!);
    const data = new Uint8Array(parts.reduce((sum, part) => sum + part.data.byteLength, 0));
    let offset = 0;
    for (const part of parts) {
      data.set(part.data, offset);
      offset += part.data.byteLength;
    }
    const elements = parts.reduce((sum, part) => sum + part.shape[0]!, 0);
    return { ...tensor, shape: [elements, ...tensor.shape.slice(1)], data };
  });
}

/**
 * Cuts the outputs of a batch into those of its requests (copies, so that no answer holds another's bytes).
 *
 * @param elements - batch elements of each request.
 * @throws {TransportError} INTERNAL when an output's first dimension is not the batch.
 */
export function splitTensors(
  outputs: readonly Tensor[],
  elements: readonly number[],
): readonly (readonly Tensor[])[] {
  if (elements.length === 1) return [outputs];
  const total = elements.reduce((sum, count) => sum + count, 0);
  for (const { name, shape, datatype } of outputs) {
    if (shape[0] !== total || DATATYPE_BYTES[datatype] === 0) {
      throw new TransportError(
        "INTERNAL",
        `output '${name}' [${shape}] of a batch of ${total} cannot be divided among its requests`,
      );
    }
  }
  let begin = 0;
  return elements.map((count) => {
    const slice = outputs.map((output): Tensor => {
      const elementBytes = output.data.byteLength / total;
      return {
        ...output,
        shape: [count, ...output.shape.slice(1)],
        data: new Uint8Array(output.data.subarray(begin * elementBytes, (begin + count) * elementBytes)),
      };
    });
    begin += count;
    return slice;
  });
}
