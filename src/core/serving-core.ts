import type { CancelSignal } from "./cancellation.ts";
import type { InferRequest, InferResponse } from "./inference.ts";
import type {
  ModelConfiguration,
  ModelMetadata,
  ModelStatistics,
  RepositoryEntry,
  ServerMetadata,
  TensorMetadata,
} from "./metadata.ts";
import type { Parameters } from "./parameters.ts";
import type { PredictContext } from "./tfs/json-predict.ts";

/** Text bodies that a worker of the core can parse and write, by name: a function cannot cross threads. */
export type BodyCodec = "oip-json" | "tfs-json";

/** What the URL and the headers say about an encoded body. */
export interface EncodedContext {
  readonly modelName: string;
  readonly modelVersion?: string | undefined;
  /** Bytes of the JSON part; binary tensors follow it. */
  readonly headerBytes: number;
  /** `tfs-json`: the model's signature, since the body names no datatypes. */
  readonly predict?: Pick<PredictContext, "inputs" | "envelope"> | undefined;
}

/** An answer whose outputs a worker has written already; the transport adds name, id and parameters, then sends. */
export interface EncodedResponse {
  readonly modelName: string;
  readonly modelVersion: string;
  /** Empty when the request had none. */
  readonly id: string;
  readonly parameters: Parameters;
  /** UTF-8: the JSON array of the `outputs` member (`oip-json`), or the whole body (`tfs-json`). */
  readonly outputs: Uint8Array;
  /** What was written, in order. */
  readonly described?: readonly TensorMetadata[] | undefined;
  /** The binary outputs that follow the JSON, in order; empty when every output is in the JSON. */
  readonly binary: readonly Uint8Array[];
  /** When the computation ended, nanoseconds of the server's clock: what follows counts as encode. */
  readonly finishedNs: number;
}

/** The system under test behind every transport. Every method that names a model throws NOT_FOUND for an unknown one. */
export interface ServingCore {
  serverMetadata(): ServerMetadata;
  /** Every model is loaded and warm. */
  isReady(): boolean;
  isModelReady(modelName: string, modelVersion?: string): boolean;
  modelNames(): readonly string[];
  /** @throws {TransportError} NOT_FOUND */
  modelMetadata(modelName: string, modelVersion?: string): ModelMetadata;
  /** @throws {TransportError} NOT_FOUND */
  modelConfiguration(modelName: string, modelVersion?: string): ModelConfiguration;
  /** Of one model, or of all. @throws {TransportError} NOT_FOUND */
  statistics(modelName?: string, modelVersion?: string): readonly ModelStatistics[];
  /** Every version of every model of the repository, served or not, by name. */
  repositoryIndex(): Promise<readonly RepositoryEntry[]>;
  /**
   * Reads a model of the repository (again) and serves it; what was served of it goes on until the new one is warm.
   *
   * @throws {TransportError} INVALID_ARGUMENT when it cannot be loaded; what was served stays.
   */
  loadModel(modelName: string): Promise<void>;
  /** Takes no more requests for the model, waits for those in flight, releases it. @throws {TransportError} NOT_FOUND */
  unloadModel(modelName: string): Promise<void>;
  /**
   * Takes ownership of the tensors' bytes: their buffers may be moved to a worker and be empty afterwards.
   * The response's parameters hold the stage durations (`wirebench_queue_ns`, …); `finishedNs` is set.
   *
   * @param signal - aborted: the caller no longer waits. A run that has begun ends by itself later.
   * @throws {TransportError} for every failure: NOT_FOUND, INVALID_ARGUMENT, RESOURCE_EXHAUSTED (queue full),
   * DEADLINE_EXCEEDED, CANCELLED, INTERNAL, UNAVAILABLE (closing).
   */
  infer(request: InferRequest, signal: CancelSignal): Promise<InferResponse>;
  /** The same for a body that is parsed and whose answer is written in the worker. Takes ownership of `body`. */
  inferEncoded(
    body: Uint8Array,
    codec: BodyCodec,
    context: EncodedContext,
    signal: CancelSignal,
  ): Promise<EncodedResponse>;
  /** Accepts no more, waits for what runs, releases the sessions. Idempotent. */
  close(): Promise<void>;
}
