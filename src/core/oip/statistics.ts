import type { BatchStatistics, ModelStatistics } from "../metadata.ts";

/**
 * Statistics by the field names of Triton's extension, as its JSON and its protobuf message have them.
 * @see https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_statistics.md
 */
export function writeStatistics(models: readonly ModelStatistics[]): { readonly model_stats: object[] } {
  return { model_stats: models.map(writeModel) };
}

function writeModel(model: ModelStatistics): object {
  const none = { count: 0, ns: 0 };
  return {
    name: model.name,
    version: model.version,
    last_inference: model.lastInferenceMs,
    inference_count: model.inferenceCount,
    execution_count: model.executionCount,
    inference_stats: {
      success: model.success,
      fail: model.fail,
      queue: model.queue,
      ...writeCompute(model),
      cache_hit: none,
      cache_miss: none,
    },
    batch_stats: model.batches.map((batch) => ({ batch_size: batch.batchSize, ...writeCompute(batch) })),
    memory_usage: [],
  };
}

function writeCompute({
  computeInput,
  computeInfer,
  computeOutput,
}: Pick<BatchStatistics, "computeInput" | "computeInfer" | "computeOutput">): object {
  return { compute_input: computeInput, compute_infer: computeInfer, compute_output: computeOutput };
}
