import { TransportError } from "../core/errors.ts";
import type { BatchStatistics, FailureReason, ModelStatistics, StatisticDuration } from "../core/metadata.ts";
import type { FailureStatus } from "../core/status.ts";

/** Durations of one answered request, nanoseconds. */
export interface RequestDurations {
  /** From the call of the core to the end of the computation and the way back. */
  readonly totalNs: number;
  readonly queueNs: number;
  /** Decoding and separate pre-processing. */
  readonly computeInputNs: number;
  readonly computeInferNs: number;
  /** Separate post-processing and writing of text. */
  readonly computeOutputNs: number;
}

/** One run of the model on a batch. */
export interface ExecutionDurations {
  readonly batchSize: number;
  readonly computeInputNs: number;
  readonly computeInferNs: number;
  readonly computeOutputNs: number;
}

/** Cumulative counters of one model, with Triton's meanings. */
export interface StatisticsRecorder {
  /** @param elements - batch elements of the request. */
  succeeded(elements: number, durations: RequestDurations): void;
  /** @param reason - what the request failed with. */
  failed(totalNs: number, reason: unknown): void;
  executed(durations: ExecutionDurations): void;
  /** The counters now, as plain data. */
  read(): ModelStatistics;
}

/**
 * What is not named here is OTHER.
 * @see https://github.com/triton-inference-server/server/blob/main/docs/user_guide/metrics.md
 */
const FAILURE_REASON: Partial<Readonly<Record<FailureStatus, FailureReason>>> = {
  RESOURCE_EXHAUSTED: "REJECTED",
  DEADLINE_EXCEEDED: "REJECTED",
  UNAVAILABLE: "REJECTED",
  CANCELLED: "CANCELED",
  INTERNAL: "BACKEND",
  UNKNOWN: "BACKEND",
};

class Duration {
  count = 0;
  ns = 0;

  add(ns: number): void {
    this.count += 1;
    this.ns += ns;
  }

  read(): StatisticDuration {
    return { count: this.count, ns: this.ns };
  }
}

/**
 * @param wallMs - the wall clock, milliseconds since the epoch. @default Date.now
 * @see https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_statistics.md
 */
export function createStatistics(
  name: string,
  version: string,
  wallMs: () => number = Date.now,
): StatisticsRecorder {
  const success = new Duration();
  const fail = new Duration();
  const failures: Record<FailureReason, number> = { REJECTED: 0, CANCELED: 0, BACKEND: 0, OTHER: 0 };
  const queue = new Duration();
  const computeInput = new Duration();
  const computeInfer = new Duration();
  const computeOutput = new Duration();
  const batches = new Map<number, { input: Duration; infer: Duration; output: Duration }>();
  let lastInferenceMs = 0;
  let inferenceCount = 0;
  let executionCount = 0;
  return {
    succeeded(elements, durations) {
      lastInferenceMs = wallMs();
      inferenceCount += elements;
      success.add(durations.totalNs);
      queue.add(durations.queueNs);
      computeInput.add(durations.computeInputNs);
      computeInfer.add(durations.computeInferNs);
      computeOutput.add(durations.computeOutputNs);
    },
    failed(totalNs, reason) {
      fail.add(totalNs);
      failures[FAILURE_REASON[TransportError.from(reason, "INTERNAL").status] ?? "OTHER"] += 1;
    },
    executed({ batchSize, computeInputNs, computeInferNs, computeOutputNs }) {
      executionCount += 1;
      let batch = batches.get(batchSize);
      if (batch === undefined) {
        batch = { input: new Duration(), infer: new Duration(), output: new Duration() };
        batches.set(batchSize, batch);
      }
      batch.input.add(computeInputNs);
      batch.infer.add(computeInferNs);
      batch.output.add(computeOutputNs);
    },
    read: () => ({
      name,
      version,
      lastInferenceMs,
      inferenceCount,
      executionCount,
      success: success.read(),
      fail: fail.read(),
      failures: { ...failures },
      queue: queue.read(),
      computeInput: computeInput.read(),
      computeInfer: computeInfer.read(),
      computeOutput: computeOutput.read(),
      batches: [...batches]
        .sort(([a], [b]) => a - b)
        .map(
          ([batchSize, { input, infer, output }]): BatchStatistics => ({
            batchSize,
            computeInput: input.read(),
            computeInfer: infer.read(),
            computeOutput: output.read(),
          }),
        ),
    }),
  };
}
