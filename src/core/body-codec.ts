import { TransportError } from "./errors.ts";
import type { InferRequest } from "./inference.ts";
import type { TensorMetadata } from "./metadata.ts";
import { type BinaryPreference, isBinaryOutput } from "./oip/binary.ts";
import { parseInferRequest, writeOutputs } from "./oip/json.ts";
import type { BodyCodec, EncodedContext } from "./serving-core.ts";
import type { Tensor } from "./tensor.ts";
import { describeTensors } from "./tfs/envelope.ts";
import { parsePredictBody } from "./tfs/json-predict.ts";
import { type PredictLayout, writePredictAnswer } from "./tfs/json-predict-writer.ts";

/** How the answer to a body is written; plain data that can be sent to another thread. */
export type AnswerForm =
  | { readonly codec: "oip-json"; readonly binaryOutputs: BinaryPreference }
  | { readonly codec: "tfs-json"; readonly layout: PredictLayout };

/** A body, read. */
export interface ParsedBody {
  readonly request: InferRequest;
  readonly form: AnswerForm;
}

/** Outputs, written. */
export interface WrittenAnswerBody {
  /** `oip-json`: the JSON array of the `outputs` member; `tfs-json`: the whole body. In an ArrayBuffer of its own. */
  readonly json: Uint8Array;
  /** The data of binary outputs, in order: the tensors' own bytes. */
  readonly binary: readonly Uint8Array[];
  /** What was written, in order. */
  readonly described: readonly TensorMetadata[];
}

/** Reads a body of one of the text codecs, on whatever thread. @throws {TransportError} INVALID_ARGUMENT, UNIMPLEMENTED */
export function parseBody(codec: BodyCodec, body: Uint8Array, context: EncodedContext): ParsedBody {
  switch (codec) {
    case "oip-json": {
      const { request, binaryOutputs } = parseInferRequest(body, context);
      return { request, form: { codec, binaryOutputs } };
    }
    case "tfs-json": {
      if (context.predict === undefined) {
        throw new TransportError("INTERNAL", "a predict body needs the model's signature");
      }
      const { request, layout } = parsePredictBody(body, { ...context.predict, ...modelOf(context) });
      return { request, form: { codec, layout } };
    }
  }
}

/** Writes the outputs of an answer. @throws {TransportError} INVALID_ARGUMENT for what the codec cannot carry. */
export function writeAnswerBody(form: AnswerForm, outputs: readonly Tensor[]): WrittenAnswerBody {
  const described = describeTensors(outputs);
  switch (form.codec) {
    case "oip-json": {
      const { json, binary } = writeOutputs(outputs, (name) => isBinaryOutput(form.binaryOutputs, name));
      return { json, binary, described };
    }
    case "tfs-json":
      return { json: writePredictAnswer(outputs, form.layout), binary: [], described };
  }
}

function modelOf({
  modelName,
  modelVersion,
}: EncodedContext): Pick<EncodedContext, "modelName" | "modelVersion"> {
  return { modelName, modelVersion };
}
