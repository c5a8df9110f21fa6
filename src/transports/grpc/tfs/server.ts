import * as grpc from "@grpc/grpc-js";
import { TransportError } from "../../../core/errors.ts";
import type { ServingCore } from "../../../core/serving-core.ts";
import { MODEL_HEADER, type TensorForm } from "../../../core/tfs/envelope.ts";
import { findModel, type ModelChoice, newest, versionsOf } from "../../../core/tfs/find-model.ts";
import { writeModelHeader } from "../../../core/tfs/metadata-json.ts";
import { encodeSignatureMap, SIGNATURE_MAP_URL } from "../../../core/tfs/signature-def.ts";
import type { InferenceServer, ServeOptions } from "../../../core/transport.ts";
import { answering } from "../answering.ts";
import { listen, serverOptions } from "../listen.ts";
import { passThrough } from "../message.ts";
import { refuseMalformed } from "../refuse-malformed.ts";
import { silenceLibrary } from "../service.ts";
import { predictHandler, readPredictArrival } from "./predict-handler.ts";
import {
  type MetadataRequestMessage,
  type MetadataResponseMessage,
  type ModelSpecMessage,
  type StatusRequestMessage,
  type StatusResponseMessage,
  tfsServices,
} from "./service.ts";

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
  const { maxPayloadBytes } = options;
  const tuned = options.tuning === "tuned";
  const server = new grpc.Server(serverOptions(maxPayloadBytes));
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
    GetModelMetadata: answering((request: MetadataRequestMessage, trailer) =>
      metadataAnswer(core, request, trailer),
    ),
  };
  server.addService(...refuseMalformed(definition as grpc.ServiceDefinition, handlers, ["Predict"]));
  const statusHandler = answering((request: StatusRequestMessage) => statusAnswer(core, request));
  server.addService(
    ...refuseMalformed(model as grpc.ServiceDefinition, { GetModelStatus: statusHandler }, []),
  );
  const { address, notes, shutDown } = await listen(server, "tfs-grpc", options);
  let closed: Promise<void> | undefined;
  return {
    endpoint: `tfs+grpc://${address}`,
    notes,
    close: () => (closed ??= shutDown()),
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
  trailer: grpc.Metadata,
): MetadataResponseMessage {
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
  trailer.set(MODEL_HEADER, writeModelHeader(metadata));
  return {
    model_spec: { name: metadata.name, version: { value: modelVersion ?? newest(metadata.versions) } },
    metadata: { [SIGNATURE_FIELD]: { type_url: SIGNATURE_MAP_URL, value: encodeSignatureMap(metadata) } },
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
