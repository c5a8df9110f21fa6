import * as grpc from "@grpc/grpc-js";
import { TransportError } from "../../../core/errors.ts";
import type { ServingCore } from "../../../core/serving-core.ts";
import { MODEL_HEADER, type TensorForm } from "../../../core/tfs/envelope.ts";
import { findModel, type ModelChoice, newest, versionsOf } from "../../../core/tfs/find-model.ts";
import { writeModelHeader } from "../../../core/tfs/metadata-json.ts";
import { encodeSignatureMap, SIGNATURE_MAP_URL } from "../../../core/tfs/signature-def.ts";
import type { InferenceServer, ServeOptions } from "../../../core/transport.ts";
import { hostPort, listenError } from "../address.ts";
import { passThrough } from "../message.ts";
import { refuseMalformed } from "../refuse-malformed.ts";
import { silenceLibrary } from "../service.ts";
import { writeFailure } from "../status.ts";
import { WINDOW_BYTES, widenServerWindows } from "../windows.ts";
import { predictHandler, readPredictArrival } from "./predict-handler.ts";
import {
  type MetadataRequestMessage,
  type MetadataResponseMessage,
  type ModelSpecMessage,
  type StatusRequestMessage,
  type StatusResponseMessage,
  tfsServices,
} from "./service.ts";

const CLOSE_MS = 5_000;
const SIGNATURE_FIELD = "signature_def";
/** How outputs travel unless asked for otherwise: as TensorFlow Serving's do. */
const DEFAULT_FORM: TensorForm = "typed";

/**
 * Serves TensorFlow Serving's `PredictionService` (Predict, GetModelMetadata) and `ModelService` (GetModelStatus).
 *
 * @throws {TransportError} UNAVAILABLE when the address cannot be had.
 */
export async function serveTfsGrpc(core: ServingCore, options: ServeOptions): Promise<InferenceServer> {
  silenceLibrary();
  const { maxPayloadBytes, limits } = options;
  const tuned = options.tuning === "tuned";
  const server = new grpc.Server({
    "grpc.max_receive_message_length": maxPayloadBytes,
    "grpc.max_send_message_length": maxPayloadBytes,
  });
  const { prediction, model } = tfsServices();
  const definition = {
    ...prediction,
    Predict: {
      ...prediction.Predict,
      requestDeserialize: (bytes: Buffer) => readPredictArrival(bytes, maxPayloadBytes),
      responseSerialize: passThrough,
    },
  };
  const handlers = {
    Predict: predictHandler(core, {
      messageForm: tuned ? "lazy" : "plain",
      tensorForm: options.tfsAnswers ?? DEFAULT_FORM,
      maxPayloadBytes,
      onServed: options.onServed,
    }),
    GetModelMetadata: answering((request: MetadataRequestMessage) => metadataAnswer(core, request)),
  };
  server.addService(...refuseMalformed(definition as grpc.ServiceDefinition, handlers, ["Predict"]));
  const statusHandler = answering((request: StatusRequestMessage) => ({
    value: statusAnswer(core, request),
  }));
  server.addService(
    ...refuseMalformed(model as grpc.ServiceDefinition, { GetModelStatus: statusHandler }, []),
  );
  const port = await bind(server, hostPort(options.host, options.port));
  const notes: string[] = [];
  if (tuned) {
    notes.push(
      widenServerWindows(server, WINDOW_BYTES)
        ? `tfs-grpc server: HTTP/2 windows of ${WINDOW_BYTES} bytes, messages written straight into the frame`
        : "tfs-grpc server: HTTP/2 windows could not be widened with this version of @grpc/grpc-js",
    );
  }
  let closed: Promise<void> | undefined;
  return {
    endpoint: `tfs+grpc://${hostPort(reachable(options.host), port)}`,
    notes,
    close: () => (closed ??= shutDown(server, limits?.closeTimeoutMs ?? CLOSE_MS)),
  };
}

/** The model that a message names. */
export function choiceOf(spec: ModelSpecMessage | null | undefined): ModelChoice {
  return {
    modelName: spec?.name ?? "",
    modelVersion:
      spec?.version === null || spec?.version === undefined ? undefined : (spec.version.value ?? "0"),
    label: spec?.version_label || undefined,
  };
}

function metadataAnswer(
  core: ServingCore,
  { model_spec, metadata_field = [] }: MetadataRequestMessage,
): Answered<MetadataResponseMessage> {
  if (metadata_field.length === 0) {
    throw new TransportError(
      "INVALID_ARGUMENT",
      "GetModelMetadataRequest must specify at least one metadata_field",
    );
  }
  const other = metadata_field.find((field) => field !== SIGNATURE_FIELD);
  if (other !== undefined) {
    throw new TransportError("INVALID_ARGUMENT", `Metadata field ${other} is not supported`);
  }
  const { metadata, modelVersion } = findModel(core, choiceOf(model_spec));
  const trailer = new grpc.Metadata();
  trailer.set(MODEL_HEADER, writeModelHeader(metadata));
  return {
    value: {
      model_spec: { name: metadata.name, version: { value: modelVersion ?? newest(metadata.versions) } },
      metadata: { [SIGNATURE_FIELD]: { type_url: SIGNATURE_MAP_URL, value: encodeSignatureMap(metadata) } },
    },
    trailer,
  };
}

function statusAnswer(core: ServingCore, { model_spec }: StatusRequestMessage): StatusResponseMessage {
  return {
    model_version_status: versionsOf(core, choiceOf(model_spec)).map(({ version, state }) => ({
      version,
      state,
      status: { error_code: 0, error_message: "" },
    })),
  };
}

interface Answered<T> {
  readonly value: T;
  readonly trailer?: grpc.Metadata;
}

/** Handles a call that the core answers at once. */
function answering<Request, Response extends object>(
  answer: (request: Request) => Answered<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    let answered: Answered<Response>;
    try {
      answered = answer(call.request);
    } catch (reason) {
      callback(writeFailure(reason));
      return;
    }
    callback(null, answered.value, answered.trailer);
  };
}

/** A wildcard is an address to listen on, not one to connect to. */
function reachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  return host === "::" ? "::1" : host;
}

function bind(server: grpc.Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(listenError(address, error));
    });
  });
}

function shutDown(server: grpc.Server, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.forceShutdown(), timeoutMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
