import { BenchError } from "../core/errors.ts";
import type { Pixels } from "../core/frame.ts";
import type { Tensor } from "../core/tensor.ts";
import type { ImageFormat } from "../vision/image-codec.ts";
import type {
  ClientPipelineAnswer,
  ClientPipelineCall,
  ClientPipelineData,
} from "./client-pipeline-protocol.ts";
import type { Recipe } from "./recipe.ts";
import type { ServedModel } from "./request-shape.ts";
import { openServedModel } from "./served-model.ts";
import { transferTensors } from "./tensor-transfer.ts";
import { startWorkerCalls, type WorkerCalls } from "./worker-calls.ts";

export interface ClientPipelineOptions {
  /** Needed for `preprocess` and `postprocess`; absent: image work only. */
  readonly model?: { readonly name: string; readonly repositoryDir: string } | undefined;
  /** A model that is in no repository, e.g. of a server elsewhere: instead of `model`. */
  readonly served?: ServedModel | undefined;
  /** Instead of the repository's. */
  readonly recipe?: Recipe | undefined;
  /** ONNX Runtime's threads, so that the client does not take the server's cores. @default 1 */
  readonly intraOpThreads?: number | undefined;
}

/**
 * A client's own work on frames, in a worker thread of the generator. Frames are sent once; calls name them by index.
 * Calls may overlap. Every result says when it was ready in the worker (`endedNs`, monotonic clock); the way back to the
 * caller comes after that mark.
 */
export interface ClientPipeline {
  /** Copies the frames to the worker, where their indexes continue from 0, and warms the pre-processing of each kind. */
  loadFrames(frames: readonly Pixels[]): Promise<void>;
  /** Placement *client*: the model's own input. */
  preprocess(frame: number): Promise<{ readonly tensor: Tensor; readonly endedNs: number }>;
  /** Placement *client*: the final answer, the same bytes as with placement *server*. Takes ownership of the outputs. */
  postprocess(
    outputs: readonly Tensor[],
  ): Promise<{ readonly outputs: readonly Tensor[]; readonly endedNs: number }>;
  /** RGB, uint8, `[heightPx, widthPx, 3]`: a new buffer of the caller's. */
  toRgb(frame: number): Promise<{ readonly rgb: Uint8Array; readonly endedNs: number }>;
  /** JPEG (quality 90, 4:2:0) or PNG. `preprocessedNs`: the pixels were RGB, where pre-processing ends and encoding begins. */
  encodeImage(
    frame: number,
    format: ImageFormat,
  ): Promise<{ readonly bytes: Uint8Array; readonly preprocessedNs: number; readonly endedNs: number }>;
  /** Waits for the calls in flight, then ends the worker. Idempotent. */
  close(): Promise<void>;
}

/** @throws {ServingError} ERR_MODEL when the model is unknown, or has no recipe. */
export async function createClientPipeline(options: ClientPipelineOptions): Promise<ClientPipeline> {
  const { model, served } = options;
  const data: ClientPipelineData = {
    model:
      served ?? (model && (await openServedModel(model.repositoryDir, model.name, options.recipe)).model),
    settings: {
      device: "cpu",
      intraOpThreads: options.intraOpThreads ?? 1,
      interOpThreads: 1,
      allowSpinning: false,
    },
  };
  const calls: WorkerCalls<ClientPipelineCall, ClientPipelineAnswer, null> = await startWorkerCalls({
    entry: new URL("./client-pipeline-worker.js", import.meta.url),
    workerData: data,
    what: "the client's worker",
  });
  return {
    async loadFrames(frames) {
      for (const { widthPx, heightPx, encoding, data: shared } of frames) {
        // The frame is shared; a copy of exactly its bytes moves.
        const bytes = new Uint8Array(shared);
        const pixels = { widthPx, heightPx, encoding, data: bytes };
        await calls.call({ kind: "load", pixels }, [bytes.buffer]);
      }
    },
    async preprocess(frame) {
      const { tensors, endedNs } = expect("tensors", await calls.call({ kind: "preprocess", frame }, []));
      return { tensor: tensors[0]!, endedNs };
    },
    async postprocess(outputs) {
      const { tensors, buffers } = transferTensors(outputs);
      const answer = expect("tensors", await calls.call({ kind: "postprocess", outputs: tensors }, buffers));
      return { outputs: answer.tensors, endedNs: answer.endedNs };
    },
    async toRgb(frame) {
      const { bytes, endedNs } = expect("bytes", await calls.call({ kind: "rgb", frame }, []));
      return { rgb: bytes, endedNs };
    },
    async encodeImage(frame, format) {
      const call: ClientPipelineCall = { kind: "encode", frame, format };
      const { bytes, preprocessedNs, endedNs } = expect("bytes", await calls.call(call, []));
      return { bytes, preprocessedNs, endedNs };
    },
    close: () => calls.close(),
  };
}

function expect<K extends ClientPipelineAnswer["kind"]>(
  kind: K,
  answer: ClientPipelineAnswer,
): Extract<ClientPipelineAnswer, { kind: K }> {
  if (answer.kind === kind) return answer as Extract<ClientPipelineAnswer, { kind: K }>;
  throw new BenchError("ERR_SERVING", `the client's worker answered ${answer.kind} instead of ${kind}`);
}
