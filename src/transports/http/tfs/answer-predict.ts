import { parseBody, writeAnswerBody } from "../../../core/body-codec.ts";
import type { CancelSignal } from "../../../core/cancellation.ts";
import { monotonicClock } from "../../../core/clock.ts";
import type { TensorMetadata } from "../../../core/metadata.ts";
import { type Parameters, timedParameters } from "../../../core/parameters.ts";
import type { ServingCore } from "../../../core/serving-core.ts";
import { readRequestEnvelope } from "../../../core/tfs/envelope.ts";
import { findModel, type ModelChoice } from "../../../core/tfs/find-model.ts";
import { LARGE_JSON_BYTES, mayAnswerLargeJson } from "../large-json.ts";
import { checkAnswerBytes } from "../payload-too-large.ts";

/** A whole body that asks for a prediction. */
export interface PredictCall {
  readonly model: ModelChoice;
  readonly bytes: Uint8Array;
  /** When the last byte was there, nanoseconds of `monotonicClock`. */
  readonly inNs: number;
  /** The header of our own clients. */
  readonly envelope: string | undefined;
}

/** An answer, ready to be sent. */
export interface AnsweredPredict {
  readonly modelVersion: string;
  readonly id: string;
  /** With the stage durations; `outNs` was taken when the body was written. */
  readonly parameters: Parameters;
  readonly outputs: readonly TensorMetadata[];
  readonly body: Uint8Array;
}

/**
 * Answers one `:predict`. Small JSON is read and written here; large JSON, in either direction, goes through a worker of
 * the core (`inferEncoded`), so that this thread stays free for the sockets.
 *
 * @throws {TransportError} for every failure; nothing has been sent then.
 */
export async function answerPredict(
  core: ServingCore,
  { model, bytes, inNs, envelope: header }: PredictCall,
  options: { readonly clockId: string; readonly signal: CancelSignal; readonly maxPayloadBytes: number },
): Promise<AnsweredPredict> {
  const { clockId, signal, maxPayloadBytes } = options;
  const { metadata, modelVersion } = findModel(core, model);
  const envelope = header === undefined ? undefined : readRequestEnvelope(header);
  const context = {
    modelName: model.modelName,
    modelVersion,
    headerBytes: bytes.byteLength,
    predict: { inputs: metadata.inputs, envelope },
  };
  const finish = (
    served: {
      readonly modelVersion: string;
      readonly id: string;
      readonly parameters?: Parameters | undefined;
      readonly finishedNs?: number | undefined;
    },
    body: Uint8Array,
    outputs: readonly TensorMetadata[],
    decodeNs: number,
  ): AnsweredPredict => {
    checkAnswerBytes(body.byteLength, maxPayloadBytes);
    const parameters = timedParameters(served, { inNs, decodeNs, nowNs: monotonicClock.nowNs, clockId });
    return { modelVersion: served.modelVersion, id: served.id, parameters, outputs, body };
  };

  const isLarge = bytes.byteLength > LARGE_JSON_BYTES || mayAnswerLargeJson(metadata, undefined, () => true);
  if (!isLarge) {
    const { request, form } = parseBody("tfs-json", bytes, context);
    const decodeNs = monotonicClock.nowNs() - inNs;
    const response = await core.infer(request, signal);
    const { json, described } = writeAnswerBody(form, response.outputs);
    return finish(response, json, described, decodeNs);
  }
  const decodeNs = monotonicClock.nowNs() - inNs;
  const encoded = await core.inferEncoded(bytes, "tfs-json", context, signal);
  return finish(encoded, encoded.outputs, encoded.described ?? [], decodeNs);
}
