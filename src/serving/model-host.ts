import type { CancelSignal } from "../core/cancellation.ts";
import type { InferRequest, InferResponse } from "../core/inference.ts";
import type { ModelConfiguration, ModelMetadata, ModelStatistics } from "../core/metadata.ts";
import type { BodyCodec, EncodedContext, EncodedResponse } from "../core/serving-core.ts";
import type { EngineSettings } from "./engine-options.ts";

/** One version of a model that is served: its instances, its queue, its counters. */
export interface ModelHost {
  /** `versions` names this one alone. */
  readonly metadata: ModelMetadata;
  readonly configuration: ModelConfiguration;
  /** ONNX Runtime's name, e.g. `CPUExecutionProvider`, or `builtin`. */
  readonly executionProvider: string;
  /** About the device, for the report: where the nodes ran, how inputs and outputs travel. Empty on the CPU. */
  readonly deviceNotes: readonly string[];
  /** What its ONNX Runtime sessions run with; absent for a built-in model. */
  readonly settings?: EngineSettings | undefined;
  isReady(): boolean;
  statistics(): ModelStatistics;
  /** As `ServingCore.infer`. @param submittedNs - when the core was called. */
  infer(request: InferRequest, signal: CancelSignal, submittedNs: number): Promise<InferResponse>;
  /** As `ServingCore.inferEncoded`. */
  inferEncoded(body: EncodedBody, signal: CancelSignal, submittedNs: number): Promise<EncodedResponse>;
  close(): Promise<void>;
}

/** A body in text, with what is needed to read it. */
export interface EncodedBody {
  readonly body: Uint8Array;
  readonly codec: BodyCodec;
  readonly context: EncodedContext;
}

/** What callers are told while the engine ends. */
export const CLOSING = "the server is closing";
