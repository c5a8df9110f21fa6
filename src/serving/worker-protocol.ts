import type { WrittenAnswerBody } from "../core/body-codec.ts";
import type { PixelEncoding } from "../core/frame.ts";
import type { BodyCodec, EncodedContext } from "../core/serving-core.ts";
import type { FailureStatus } from "../core/status.ts";
import type { Tensor } from "../core/tensor.ts";
import type { FileStamp } from "./file-stamp.ts";
import type { ServedModel } from "./request-shape.ts";
import type { SessionSettings } from "./session-settings.ts";
import type { WantedOutput } from "./wanted-outputs.ts";

/** A content to run before readiness. */
export interface WarmUpContent {
  /** `tensor`: zeros of the model's own input. */
  readonly content: PixelEncoding | "tensor";
  /** Pixels. @default the recipe's size, else 968 */
  readonly widthPx?: number | undefined;
  /** Pixels. @default the recipe's size, else 608 */
  readonly heightPx?: number | undefined;
}

/** What a model's worker is started with. */
export interface ModelWorkerData {
  readonly model: ServedModel;
  /** The .onnx file. */
  readonly path: string;
  /** Of that file when the model was loaded: sessions that are opened later are made of the same one or not at all. */
  readonly stamp: FileStamp;
  readonly settings: SessionSettings;
  readonly warmUp: readonly WarmUpContent[];
  /** Whether a GPU session is profiled first, to say where its nodes run: one instance does it for all. @default false */
  readonly verifyDevice?: boolean | undefined;
}

/** What a model's worker says when every session is warm. */
export interface ModelWorkerReady {
  readonly executionProvider: string;
  /** About the device, for the report. */
  readonly deviceNotes: readonly string[];
}

/** Tensors or one image, to be inferred; checked by the sender. */
export interface TensorWork {
  readonly kind: "tensors";
  readonly inputs: readonly Tensor[];
  /** Absent: all, as they are. */
  readonly outputs?: readonly WantedOutput[] | undefined;
}

/** A text body, to be parsed, checked, inferred and answered in text. */
export interface EncodedWork {
  readonly kind: "encoded";
  readonly body: Uint8Array;
  readonly codec: BodyCodec;
  readonly context: EncodedContext;
  /** When the core was called, nanoseconds: a `timeout` in the body counts from here. */
  readonly submittedNs: number;
}

export type Work = TensorWork | EncodedWork;

/** One run: several works have equal shapes and become one batch; an encoded work is alone. */
export interface ModelRun {
  readonly works: readonly Work[];
}

/** Durations of one work, nanoseconds; `beganNs` and `finishedNs` are marks of the monotonic clock. */
export interface WorkTiming {
  readonly beganNs: number;
  readonly decodeNs: number | undefined;
  readonly inferNs: number;
  readonly finishedNs: number;
}

/** Outputs that were written as text. */
export interface WrittenAnswer extends WrittenAnswerBody {
  readonly id: string;
  /** What writing took, nanoseconds. */
  readonly writeNs: number;
}

export interface WorkSuccess {
  readonly ok: true;
  readonly timing: WorkTiming;
  /** Batch elements. */
  readonly elements: number;
  /** Empty for an encoded work, which has `written` instead. */
  readonly outputs: readonly Tensor[];
  readonly written?: WrittenAnswer | undefined;
}

export interface WorkFailure {
  readonly ok: false;
  readonly status: FailureStatus;
  readonly message: string;
}

export type WorkResult = WorkSuccess | WorkFailure;

/** In the order of the run's works. */
export interface ModelRunAnswer {
  readonly results: readonly WorkResult[];
}
