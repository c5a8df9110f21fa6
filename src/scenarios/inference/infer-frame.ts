import { monotonicClock } from "../../core/clock.ts";
import type { Frame } from "../../core/frame.ts";
import type { InferResponse } from "../../core/inference.ts";
import type { TensorMetadata } from "../../core/metadata.ts";
import {
  CONTENT,
  DECODE_NS,
  INFER_NS,
  POSTPROCESS_NS,
  PREPROCESS_NS,
  QUEUE_NS,
} from "../../core/parameters.ts";
import type { ServingCore } from "../../core/serving-core.ts";
import { packBytes, type Tensor } from "../../core/tensor.ts";
import type { Recipe } from "../../serving/recipe.ts";
import { rawTensor } from "../raw-tensor.ts";
import { type Answer, readAnswer } from "./answer.ts";

/** What a frame is inferred with. */
export interface FrameTarget {
  readonly core: ServingCore;
  readonly model: string;
  /** The model's one input. */
  readonly input: TensorMetadata;
  readonly recipe: Recipe | "raw";
}

/** How long one stage took, milliseconds. */
export interface StageMs {
  readonly stage: string;
  readonly ms: number;
}

/** One answer and where its time went. */
export interface InferredFrame {
  readonly answer: Answer;
  /** In the order of the work; a stage that was no work of its own (in-graph pre-processing) is absent. */
  readonly stages: readonly StageMs[];
  /** From the request to the answer, milliseconds: the stages after `retrieve`, and what lies between them. */
  readonly totalMs: number;
}

const STAGES = [
  ["decode", DECODE_NS],
  ["queue", QUEUE_NS],
  ["preprocess", PREPROCESS_NS],
  ["infer", INFER_NS],
  ["postprocess", POSTPROCESS_NS],
] as const;

/**
 * One frame through the core; the frame's bytes are copied, since the core takes what it is given.
 * @throws {TransportError}
 */
export async function inferFrame(
  frame: Frame,
  { core, model, input, recipe }: FrameTarget,
  signal: AbortSignal,
): Promise<InferredFrame> {
  const tensor = recipe === "raw" ? rawTensor(frame, input) : imageTensor(frame, input.name);
  const inputs = [{ ...tensor, data: new Uint8Array(tensor.data) }];
  const startNs = monotonicClock.nowNs();
  const response = await core.infer({ modelName: model, id: String(frame.index), inputs }, signal);
  const totalMs = (monotonicClock.nowNs() - startNs) / 1e6;
  return {
    answer: readAnswer(response.outputs, recipe),
    stages: [{ stage: "retrieve", ms: frame.retrieveNs / 1e6 }, ...stagesOf(response)],
    totalMs,
  };
}

/** A frame as it was recorded: its JPEG or PNG, else its pixels. */
function imageTensor(frame: Frame, name: string): Tensor {
  const { compressed, data, encoding, widthPx, heightPx } = frame;
  if (compressed !== undefined) {
    return { name, datatype: "BYTES", shape: [1], data: packBytes([compressed.data]) };
  }
  const channels = data.byteLength / (heightPx * widthPx);
  const shape = [1, heightPx, widthPx, channels];
  return { name, datatype: "UINT8", shape, data, parameters: { [CONTENT]: encoding } };
}

function stagesOf({ parameters }: InferResponse): readonly StageMs[] {
  return STAGES.flatMap(([stage, parameter]) => {
    const ns = parameters?.[parameter];
    return typeof ns === "number" ? [{ stage, ms: ns / 1e6 }] : [];
  });
}
