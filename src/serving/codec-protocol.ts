import type { AnswerForm, WrittenAnswerBody } from "../core/body-codec.ts";
import type { InferRequest } from "../core/inference.ts";
import type { Tensor } from "../core/tensor.ts";
import type { EncodedBody } from "./model-host.ts";
import type { WantedOutput } from "./wanted-outputs.ts";

/** To the codec worker: parse a body, write outputs, or classify them. */
export type CodecCall =
  | ({ readonly kind: "parse" } & EncodedBody)
  | { readonly kind: "write"; readonly outputs: readonly Tensor[]; readonly form: AnswerForm }
  | {
      readonly kind: "classify";
      readonly outputs: readonly Tensor[];
      readonly wanted: readonly WantedOutput[] | undefined;
    };

/** The answers to the calls; durations are nanoseconds on the worker. */
export type CodecAnswer =
  | {
      readonly kind: "parsed";
      readonly request: InferRequest;
      readonly form: AnswerForm;
      readonly parseNs: number;
    }
  | ({ readonly kind: "written" } & WrittenAnswerBody)
  | { readonly kind: "classified"; readonly outputs: readonly Tensor[] };
