import type { Placement } from "../core/cell.ts";
import { type Frame, isBayer } from "../core/frame.ts";
import type { InferRequest, InferResponse } from "../core/inference.ts";
import type { TensorMetadata } from "../core/metadata.ts";
import { CONTENT } from "../core/parameters.ts";
import { packBytes, type Tensor } from "../core/tensor.ts";
import type { Encoding } from "../core/transport.ts";
import type { Prepared } from "../load/load-context.ts";
import type { ClientPipeline } from "../serving/client-pipeline.ts";
import { rawTensor } from "./raw-tensor.ts";

/** What the client does to a frame before it travels, and to the answer after. */
export interface Preparation {
  prepare(frameIndex: number, id: string): Prepared | Promise<Prepared>;
  /** Absent: the response's outputs are the final answer. */
  readonly finish?: ((response: InferResponse) => Promise<readonly Tensor[]>) | undefined;
}

/** A cell's preparation together with the client's worker behind it, where it needs one. */
export interface FrameWork {
  readonly preparation: Preparation;
  close(): Promise<void>;
}

/** How a cell's frames become requests. */
export interface PreparationSpec {
  readonly modelName: string;
  /** The model's one input, as its server describes it. */
  readonly input: TensorMetadata;
  readonly encoding: Encoding;
  readonly placement: Placement;
  /** No picture work at all: built-in models and raw recipes. */
  readonly raw: boolean;
  /** The server is not ours: what wirebench's own parameters say is not sent. @default false */
  readonly foreign?: boolean | undefined;
}

/** Whether a cell needs the client's worker: picture work never runs on the thread with the sockets. */
export function needsPipeline(
  { encoding, placement, raw }: PreparationSpec,
  frames: readonly Frame[],
): boolean {
  if (raw) return false;
  if (placement === "client") return true;
  if (encoding === "bayer") return false;
  if (encoding === "binary" || encoding === "json") return frames.some((frame) => frame.encoding !== "rgb8");
  return frames.some((frame) => frame.compressed?.format !== encoding);
}

/**
 * Makes the preparation of one cell. Requests share the frames' bytes where nothing has to be computed.
 *
 * @param pipeline - holds the same frames; needed where `needsPipeline` says so.
 */
export function createPreparation(
  spec: PreparationSpec,
  frames: readonly Frame[],
  pipeline: ClientPipeline | undefined,
): Preparation {
  const { modelName, input, encoding, placement, raw, foreign = false } = spec;
  const request = (id: string, tensor: Tensor): InferRequest => ({ modelName, id, inputs: [tensor] });
  const image = (frame: Frame, data: Uint8Array, content: string): Tensor => ({
    name: input.name,
    datatype: "UINT8",
    shape: [1, frame.heightPx, frame.widthPx, data.byteLength / (frame.heightPx * frame.widthPx)],
    data,
    ...(foreign ? {} : { parameters: { [CONTENT]: content } }),
  });
  const encoded = (data: Uint8Array): Tensor => ({
    name: input.name,
    datatype: "BYTES",
    // OpenVINO's server takes [1] whatever the model's own shape is; others want the rank that they tell.
    shape: foreign && input.datatype === "BYTES" ? input.shape.map(() => 1) : [1],
    data: packBytes([data]),
  });
  const frameAt = (index: number): Frame => {
    const frame = frames[index];
    if (frame === undefined) throw new RangeError(`no frame ${index} of ${frames.length}`);
    return frame;
  };
  const worker = (): ClientPipeline => {
    if (pipeline === undefined) throw new Error("this cell needs the client's worker");
    return pipeline;
  };

  if (raw) {
    const tensors = frames.map((frame) => rawTensor(frame, input));
    return {
      prepare(frameIndex, id) {
        const tensor = tensors[frameIndex];
        if (tensor === undefined) throw new RangeError(`no frame ${frameIndex} of ${tensors.length}`);
        return { request: request(id, tensor) };
      },
    };
  }
  if (placement === "client") {
    return {
      async prepare(frameIndex, id) {
        const { tensor, endedNs } = await worker().preprocess(frameIndex);
        return { request: request(id, tensor), preprocessedNs: endedNs };
      },
      async finish(response) {
        return (await worker().postprocess(response.outputs)).outputs;
      },
    };
  }
  switch (encoding) {
    case "bayer":
      return {
        prepare(frameIndex, id) {
          const frame = frameAt(frameIndex);
          return { request: request(id, image(frame, frame.data, frame.encoding)) };
        },
      };
    case "binary":
    case "json":
      return {
        prepare(frameIndex, id) {
          const frame = frameAt(frameIndex);
          if (frame.encoding === "rgb8") return { request: request(id, image(frame, frame.data, "rgb8")) };
          return worker()
            .toRgb(frameIndex)
            .then(({ rgb, endedNs }) => ({
              request: request(id, image(frame, rgb, "rgb8")),
              preprocessedNs: endedNs,
            }));
        },
      };
    case "jpeg":
    case "png":
      return {
        prepare(frameIndex, id) {
          const { compressed } = frameAt(frameIndex);
          if (compressed?.format === encoding) return { request: request(id, encoded(compressed.data)) };
          return worker()
            .encodeImage(frameIndex, encoding)
            .then(({ bytes, preprocessedNs }) => ({ request: request(id, encoded(bytes)), preprocessedNs }));
        },
      };
  }
}

/** The lossless request of a frame: what the reference run infers. */
export function losslessEncoding(frames: readonly Frame[]): Encoding {
  return frames.every((frame) => isBayer(frame.encoding)) ? "bayer" : "binary";
}
