import { TransportError } from "../errors.ts";
import type { BatchStatistics, ModelStatistics, StatisticDuration } from "../metadata.ts";

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
    // Of backends that answer a request several times; Triton leaves it empty for ONNX models, too.
    response_stats: {},
  };
}

function writeCompute({
  computeInput,
  computeInfer,
  computeOutput,
}: Pick<BatchStatistics, "computeInput" | "computeInfer" | "computeOutput">): object {
  return { compute_input: computeInput, compute_infer: computeInfer, compute_output: computeOutput };
}

/**
 * Reads statistics as Triton writes them, JSON or protobuf; whatever is absent counts as zero.
 * @throws {TransportError} INTERNAL when it is no list of statistics.
 */
export function readStatistics(value: unknown): readonly ModelStatistics[] {
  const models = membersOf(value)["model_stats"];
  if (!Array.isArray(models)) throw new TransportError("INTERNAL", "the server's statistics are malformed");
  return models.map((model: unknown) => {
    const fields = membersOf(model);
    const stages = membersOf(fields["inference_stats"]);
    const batches = Array.isArray(fields["batch_stats"]) ? fields["batch_stats"] : [];
    return {
      name: String(fields["name"] ?? ""),
      version: String(fields["version"] ?? ""),
      lastInferenceMs: numberOf(fields["last_inference"]),
      inferenceCount: numberOf(fields["inference_count"]),
      executionCount: numberOf(fields["execution_count"]),
      success: durationOf(stages["success"]),
      fail: durationOf(stages["fail"]),
      queue: durationOf(stages["queue"]),
      ...readCompute(stages),
      batches: batches.map((batch: unknown) => {
        const members = membersOf(batch);
        return { batchSize: numberOf(members["batch_size"]), ...readCompute(members) };
      }),
    };
  });
}

type Members = Readonly<Record<string, unknown>>;

function membersOf(value: unknown): Members {
  return typeof value === "object" && value !== null ? (value as Members) : {};
}

function readCompute(
  members: Members,
): Pick<BatchStatistics, "computeInput" | "computeInfer" | "computeOutput"> {
  return {
    computeInput: durationOf(members["compute_input"]),
    computeInfer: durationOf(members["compute_infer"]),
    computeOutput: durationOf(members["compute_output"]),
  };
}

function durationOf(value: unknown): StatisticDuration {
  const { count, ns } = membersOf(value);
  return { count: numberOf(count), ns: numberOf(ns) };
}

/** 64-bit numbers are texts in protobuf's own JSON. */
function numberOf(value: unknown): number {
  const number = typeof value === "string" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : 0;
}
