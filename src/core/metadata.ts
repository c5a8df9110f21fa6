import type { Datatype } from "./tensor.ts";

/** What `GET /v2` and ServerMetadata tell. */
export interface ServerMetadata {
  readonly name: string;
  readonly version: string;
  readonly extensions: readonly string[];
}

/** Name, datatype and shape of a model's input or output; -1 is a free dimension. */
export interface TensorMetadata {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  /** Nobody says how many dimensions there are: `shape` is empty and means nothing. @default false */
  readonly unknownRank?: boolean | undefined;
}

/** What model metadata tells; `properties` is OIP's, text by text. */
export interface ModelMetadata {
  readonly name: string;
  readonly versions: readonly string[];
  /** e.g. `onnxruntime_onnx`, `wirebench_builtin`. */
  readonly platform: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  readonly properties?: Readonly<Record<string, string>> | undefined;
}

export interface StatisticDuration {
  readonly count: number;
  /** Cumulative nanoseconds. */
  readonly ns: number;
}

/** Triton's cumulative counters of one model since it was loaded. */
export interface ModelStatistics {
  readonly name: string;
  readonly version: string;
  /** Milliseconds since the epoch; 0 before the first request. */
  readonly lastInferenceMs: number;
  /** Batch elements inferred, and model executions: the ratio is the mean batch. */
  readonly inferenceCount: number;
  readonly executionCount: number;
  readonly success: StatisticDuration;
  readonly fail: StatisticDuration;
  readonly queue: StatisticDuration;
  readonly computeInput: StatisticDuration;
  readonly computeInfer: StatisticDuration;
  readonly computeOutput: StatisticDuration;
  readonly batches: readonly BatchStatistics[];
  /** Requests that wait for an instance now; absent where nobody counts them. */
  readonly pendingCount?: number | undefined;
  /** What `fail` counts, by reason; absent where nobody keeps them apart. */
  readonly failures?: Readonly<Record<FailureReason, number>> | undefined;
}

/** Triton's reasons of a failure: not let in or not in time, given up by the caller, in the run, any other. */
export const FAILURE_REASONS = ["REJECTED", "CANCELED", "BACKEND", "OTHER"] as const;
export type FailureReason = (typeof FAILURE_REASONS)[number];

export interface BatchStatistics {
  readonly batchSize: number;
  readonly computeInput: StatisticDuration;
  readonly computeInfer: StatisticDuration;
  readonly computeOutput: StatisticDuration;
}

/** An input or output in a {@link ModelConfiguration}. */
export interface TensorConfiguration {
  readonly name: string;
  /** `TYPE_UINT8`, …; `TYPE_STRING` for BYTES. */
  readonly data_type: string;
  /** Without the batch where `max_batch_size` is above 0; -1 is free. */
  readonly dims: readonly number[];
}

/** The part of Triton's ModelConfig that clients read, by its own field names: the JSON form, enums as texts. */
export interface ModelConfiguration {
  readonly name: string;
  readonly platform: string;
  readonly backend: string;
  /** 0: the first dimension is not a batch. */
  readonly max_batch_size: number;
  readonly input: readonly TensorConfiguration[];
  readonly output: readonly TensorConfiguration[];
  readonly instance_group: readonly {
    readonly name: string;
    readonly kind: "KIND_CPU" | "KIND_GPU";
    readonly count: number;
  }[];
  /** Which of the repository's versions are served; absent for a model that is in no repository. */
  readonly version_policy?:
    | {
        readonly latest?: { readonly num_versions: number } | undefined;
        readonly all?: object | undefined;
        readonly specific?: { readonly versions: readonly (number | string)[] } | undefined;
      }
    | undefined;
  /** Absent: every request runs alone. */
  readonly dynamic_batching?:
    | { readonly preferred_batch_size: readonly number[]; readonly max_queue_delay_microseconds: number }
    | undefined;
}

/** Triton's states of a model's version; empty for one that is in the repository and was never loaded. */
export type ModelState = "READY" | "UNAVAILABLE" | "LOADING" | "UNLOADING" | "";

/** A row of the repository's index. */
export interface RepositoryEntry {
  readonly name: string;
  readonly version: string;
  readonly state: ModelState;
  /** Why it is not ready, e.g. `unloaded`; empty when it is. */
  readonly reason: string;
}
