import * as grpc from "@grpc/grpc-js";
import { Cancellation } from "../../../core/cancellation.ts";
import { clockId, monotonicClock } from "../../../core/clock.ts";
import { TransportError } from "../../../core/errors.ts";
import type { InferRequest, InferResponse } from "../../../core/inference.ts";
import { timedParameters } from "../../../core/parameters.ts";
import { type ServedRequest, statusOfOutcome } from "../../../core/served-request.ts";
import type { ServingCore } from "../../../core/serving-core.ts";
import {
  describeTensors,
  REQUEST_HEADER,
  RESPONSE_HEADER,
  type RequestEnvelope,
  readRequestEnvelope,
  type TensorForm,
  writeResponseEnvelope,
} from "../../../core/tfs/envelope.ts";
import { findModel } from "../../../core/tfs/find-model.ts";
import { checkSignatureName } from "../../../core/tfs/json-predict.ts";
import {
  decodePredictRequest,
  encodePredictResponse,
  type PredictRequest,
} from "../../../core/tfs/predict-messages.ts";
import { cancellation } from "../cancellation.ts";
import { checkLimit } from "../codec.ts";
import { type MessageForm, type OutgoingMessage, outgoingMessage } from "../message.ts";
import { writeFailure } from "../status.ts";

const { nowNs } = monotonicClock;

/** What the server's deserialiser makes of a request: it came whole at `inNs`. */
export interface PredictArrival {
  readonly inNs: number;
  readonly bytes: number;
  readonly request: PredictRequest | TransportError;
}

/** Marks and decodes a request: a deserialiser that throws would lose the message. */
export function readPredictArrival(bytes: Uint8Array, maxPayloadBytes: number): PredictArrival {
  const inNs = nowNs();
  try {
    return { inNs, bytes: bytes.byteLength, request: decodePredictRequest(bytes, maxPayloadBytes) };
  } catch (reason) {
    return { inNs, bytes: bytes.byteLength, request: TransportError.from(reason, "INTERNAL") };
  }
}

export interface PredictOptions {
  readonly messageForm: MessageForm;
  /** Of outputs, unless the caller's envelope asks for another. */
  readonly tensorForm: TensorForm;
  readonly maxPayloadBytes: number;
  /** As of `ServeOptions`. */
  readonly onServed?: ((served: ServedRequest) => void) | undefined;
}

/**
 * Handles `Predict`. What TensorFlow Serving's messages have no place for travels in metadata: the id and the parameters
 * of a request (`wirebench-request`), the stage durations of an answer in its trailer (`wirebench-response`).
 */
export function predictHandler(
  core: ServingCore,
  options: PredictOptions,
): grpc.handleUnaryCall<PredictArrival, OutgoingMessage> {
  const clock = { nowNs, clockId: clockId() };
  return (call, callback) => {
    const { inNs, bytes, request } = call.request;
    const gone = new Cancellation();
    let isDone = false;
    // grpc-js emits it at the end of every call, good ones too.
    call.on("cancelled", () => {
      if (!isDone) gone.abort(cancellation(call.getDeadline()));
    });
    const tell = (reason: unknown, served?: InferResponse, responseBytes = 0): void =>
      options.onServed?.({
        transport: "tfs-grpc",
        modelName: request instanceof TransportError ? "" : request.modelSpec.name,
        modelVersion:
          served?.modelVersion ??
          (request instanceof TransportError ? "" : (request.modelSpec.version ?? "")),
        id: served?.id ?? "",
        status: statusOfOutcome(reason),
        requestBytes: bytes,
        responseBytes,
        parameters: served?.parameters,
        client: call.getPeer(),
      });
    const serve = async (): Promise<void> => {
      if (request instanceof TransportError) throw request;
      const envelope = envelopeOf(call.metadata);
      const inferRequest = inferRequestOf(core, request, envelope);
      // Up to here, where the core takes over: the library waits for the end of the stream in between.
      const decodeNs = nowNs() - inNs;
      const served = await core.infer(inferRequest, gone);
      isDone = true;
      const message = encodePredictResponse(served, envelope?.answers ?? options.tensorForm);
      checkLimit("answer", message, options.maxPayloadBytes);
      const outgoing = outgoingMessage(message, options.messageForm);
      const parameters = timedParameters(served, { inNs, decodeNs, ...clock });
      const trailer = new grpc.Metadata();
      const { modelVersion } = served;
      trailer.set(
        RESPONSE_HEADER,
        writeResponseEnvelope({ modelVersion, parameters, outputs: describeTensors(served.outputs) }),
      );
      callback(null, outgoing, trailer);
      tell(undefined, { ...served, parameters }, message.byteLength);
    };
    serve().catch((reason: unknown) => {
      isDone = true;
      callback(writeFailure(reason));
      tell(reason);
    });
  };
}

function envelopeOf(metadata: grpc.Metadata): RequestEnvelope | undefined {
  const [text] = metadata.get(REQUEST_HEADER);
  return typeof text === "string" ? readRequestEnvelope(text) : undefined;
}

/** @throws {TransportError} with TensorFlow Serving's texts. */
function inferRequestOf(
  core: ServingCore,
  { modelSpec, inputs, outputFilter }: PredictRequest,
  envelope: RequestEnvelope | undefined,
): InferRequest {
  const { name, version, label, signatureName } = modelSpec;
  const { modelVersion } = findModel(core, { modelName: name, modelVersion: version, label });
  checkSignatureName(signatureName);
  return {
    modelName: name,
    modelVersion,
    id: envelope?.id ?? "",
    parameters: envelope?.parameters,
    inputs: inOrder(inputs, envelope).map((input) => ({
      ...input,
      parameters: envelope?.inputs.get(input.name)?.parameters,
    })),
    outputs: outputFilter.length === 0 ? undefined : outputFilter.map((output) => ({ name: output })),
  };
}

/** A protobuf map has no order; the envelope has the caller's. */
function inOrder(
  inputs: PredictRequest["inputs"],
  envelope: RequestEnvelope | undefined,
): PredictRequest["inputs"] {
  if (envelope === undefined || inputs.length < 2) return inputs;
  const places = [...envelope.inputs.keys()];
  return inputs.toSorted((a, b) => places.indexOf(a.name) - places.indexOf(b.name));
}
