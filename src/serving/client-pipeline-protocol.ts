import type { Pixels } from "../core/frame.ts";
import type { Tensor } from "../core/tensor.ts";
import type { ImageFormat } from "../vision/image-codec.ts";
import type { ServedModel } from "./request-shape.ts";
import type { SessionSettings } from "./session-settings.ts";

/** What the worker of a client pipeline is started with; without a model it only works on images. */
export interface ClientPipelineData {
  readonly model?: ServedModel | undefined;
  readonly settings: SessionSettings;
}

export type ClientPipelineCall =
  /** Keeps a frame under the next index. */
  | { readonly kind: "load"; readonly pixels: Pixels }
  | { readonly kind: "preprocess"; readonly frame: number }
  | { readonly kind: "rgb"; readonly frame: number }
  | { readonly kind: "encode"; readonly frame: number; readonly format: ImageFormat }
  | { readonly kind: "postprocess"; readonly outputs: readonly Tensor[] };

/** Marks are nanoseconds of the monotonic clock, taken in the worker. */
export type ClientPipelineAnswer =
  | { readonly kind: "loaded"; readonly frame: number }
  | { readonly kind: "tensors"; readonly tensors: readonly Tensor[]; readonly endedNs: number }
  | {
      readonly kind: "bytes";
      readonly bytes: Uint8Array;
      /** The pixels were RGB. */
      readonly preprocessedNs: number;
      readonly endedNs: number;
    };
