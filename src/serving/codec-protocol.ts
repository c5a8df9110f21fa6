import type { InferRequest } from "../core/inference.ts";
import type { BinaryPreference } from "../core/oip/binary.ts";
import type { Tensor } from "../core/tensor.ts";
import type { EncodedBody } from "./model-host.ts";

/** To the codec worker: parse a body, or write outputs. */
export type CodecCall =
  | ({ readonly kind: "parse" } & EncodedBody)
  | { readonly kind: "write"; readonly outputs: readonly Tensor[]; readonly binaryOutputs: BinaryPreference };

/** The answers to the two calls; durations are nanoseconds on the worker. */
export type CodecAnswer =
  | {
      readonly kind: "parsed";
      readonly request: InferRequest;
      readonly binaryOutputs: BinaryPreference;
      readonly parseNs: number;
    }
  | { readonly kind: "written"; readonly json: Uint8Array; readonly binary: readonly Uint8Array[] };
