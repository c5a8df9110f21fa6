import * as grpc from "@grpc/grpc-js";
import { monotonicClock } from "../../../core/clock.ts";
import { TransportError } from "../../../core/errors.ts";
import { parseEndpoint } from "../../../core/tfs/endpoint.ts";
import {
  MODEL_HEADER,
  REQUEST_HEADER,
  RESPONSE_HEADER,
  readResponseEnvelope,
  writeRequestEnvelope,
} from "../../../core/tfs/envelope.ts";
import { withModelHeader } from "../../../core/tfs/metadata-json.ts";
import {
  decodePredictResponse,
  encodePredictRequest,
  type PredictResponse,
} from "../../../core/tfs/predict-messages.ts";
import { decodeSignatureMap } from "../../../core/tfs/signature-def.ts";
import type { ConnectOptions, InferenceClient } from "../../../core/transport.ts";
import { type Calls, createCalls } from "../calls.ts";
import { checkLimit } from "../codec.ts";
import { openConnection } from "../connection.ts";
import { type OutgoingMessage, outgoingMessage, passThrough } from "../message.ts";
import {
  type MetadataResponseMessage,
  type ModelSpecMessage,
  type StatusResponseMessage,
  tfsServices,
} from "./service.ts";

const METADATA_DEADLINE_MS = 10_000;
const { nowNs } = monotonicClock;

/**
 * Connects to a TensorFlow Serving server over gRPC, ours or another one. Tensors are sent in `tensor_content`; answers
 * may be typed lists or raw.
 *
 * @throws {TransportError} UNAVAILABLE when nobody answers.
 */
export async function connectTfsGrpc(endpoint: string, options: ConnectOptions): Promise<InferenceClient> {
  const { hostPort } = parseEndpoint(endpoint, "tfs+grpc");
  const client = await openConnection(`grpc://${hostPort}`, options);
  const calls = createCalls(client, endpoint, options.tuning);
  const { prediction, model } = tfsServices();
  const form = options.tuning === "tuned" ? "lazy" : "plain";
  const { maxPayloadBytes } = options;

  const infer: InferenceClient["infer"] = async (request, { marks, signal, deadlineMs }) => {
    if (signal?.aborted === true) throw TransportError.from(signal.reason);
    const message = encodePredictRequest(request);
    marks.requestPayloadBytes = message.byteLength;
    checkLimit("request", message, maxPayloadBytes);
    const metadata = new grpc.Metadata();
    metadata.set(REQUEST_HEADER, writeRequestEnvelope(request, "tensor_content"));
    let trailer: grpc.Metadata | undefined;
    const { modelSpec, outputs } = await calls.start<OutgoingMessage, PredictResponse>({
      path: prediction.Predict.path,
      serialize: passThrough,
      deserialize: (bytes) => {
        marks.receivedNs = nowNs();
        marks.responsePayloadBytes = bytes.byteLength;
        return readAnswer(bytes, maxPayloadBytes);
      },
      argument: outgoingMessage(message, form),
      deadlineMs,
      signal,
      marks,
      metadata,
      onTrailer: (found) => {
        trailer = found;
      },
    });
    const envelope = readResponseEnvelope(trailer?.get(RESPONSE_HEADER)[0]);
    return {
      modelName: modelSpec.name === "" ? request.modelName : modelSpec.name,
      modelVersion: modelSpec.version ?? "",
      // A call is one request and its answer: the id need not travel back.
      id: request.id,
      parameters: envelope?.parameters,
      outputs: inOrder(outputs, envelope?.outputs),
    };
  };
  /** Answers that have come and are not given yet: `close` is to be later than each of them. */
  const pending = new Set<Promise<unknown>>();

  return {
    protocolVersion: "2",
    infer(request, inferOptions) {
      const answer = infer(request, inferOptions);
      pending.add(answer);
      const forget = (): boolean => pending.delete(answer);
      answer.then(forget, forget);
      return answer;
    },
    serverMetadata: () => Promise.resolve({ name: "TensorFlow Serving", version: "", extensions: [] }),
    async modelMetadata(modelName, modelVersion) {
      const argument = { model_spec: specOf(modelName, modelVersion), metadata_field: ["signature_def"] };
      let trailer: grpc.Metadata | undefined;
      const answer = await ask<MetadataResponseMessage>(
        calls,
        prediction.GetModelMetadata,
        argument,
        (found) => {
          trailer = found;
        },
      );
      const signature = decodeSignatureMap(answer.metadata?.["signature_def"]?.value ?? new Uint8Array());
      if (signature === undefined) {
        throw new TransportError("INTERNAL", `the server's '${modelName}' has no signature that predicts`);
      }
      const version = answer.model_spec?.version?.value ?? "";
      const name = answer.model_spec?.name ?? modelName;
      return withModelHeader({ name, version, signature }, trailer?.get(MODEL_HEADER)[0]);
    },
    async isModelReady(modelName) {
      const answer = await ask<StatusResponseMessage>(calls, model.GetModelStatus, {
        model_spec: specOf(modelName),
      });
      return answer.model_version_status?.some(({ state }) => state === "AVAILABLE") === true;
    },
    async close() {
      await calls.close();
      await Promise.allSettled(pending);
    },
    destroy: calls.destroy,
  };
}

function ask<Answer>(
  calls: Calls,
  { path, requestSerialize, responseDeserialize }: grpc.MethodDefinition<object, object>,
  argument: object,
  onTrailer?: (trailer: grpc.Metadata) => void,
): Promise<Answer> {
  return calls.start<object, Answer>({
    path,
    serialize: requestSerialize,
    deserialize: (bytes) => responseDeserialize(bytes) as Answer,
    argument,
    deadlineMs: METADATA_DEADLINE_MS,
    ...(onTrailer === undefined ? {} : { onTrailer }),
  });
}

function specOf(name: string, version?: string): ModelSpecMessage {
  return { name, ...(version === undefined || version === "" ? {} : { version: { value: version } }) };
}

/** Decodes an answer; what is malformed is the server's fault, INTERNAL. */
function readAnswer(bytes: Uint8Array, maxBytes: number): PredictResponse | TransportError {
  try {
    return decodePredictResponse(bytes, maxBytes);
  } catch (reason) {
    const { message } = TransportError.from(reason);
    return new TransportError("INTERNAL", `the server's answer is malformed: ${message}`, { cause: reason });
  }
}

/** A protobuf map has no order; our own servers tell it. */
function inOrder(
  outputs: PredictResponse["outputs"],
  told: readonly { readonly name: string }[] | undefined,
): PredictResponse["outputs"] {
  if (told === undefined || outputs.length < 2) return outputs;
  const places = told.map(({ name }) => name);
  return outputs.toSorted((a, b) => places.indexOf(a.name) - places.indexOf(b.name));
}
