import type * as grpc from "@grpc/grpc-js";
import { monotonicClock } from "../../core/clock.ts";
import { TransportError } from "../../core/errors.ts";
import type { InferResponse } from "../../core/inference.ts";
import type { ModelMetadata } from "../../core/metadata.ts";
import { encodeInferRequest } from "../../core/oip/protobuf.ts";
import { readStatistics } from "../../core/oip/statistics.ts";
import { isDatatype } from "../../core/tensor.ts";
import type { ConnectOptions, InferenceClient, InferOptions } from "../../core/transport.ts";
import { createCalls } from "./calls.ts";
import { checkLimit, readResponse } from "./codec.ts";
import { openConnection } from "./connection.ts";
import { type OutgoingMessage, outgoingMessage, passThrough } from "./message.ts";
import {
  inferenceService,
  type ModelConfigAnswer,
  type ModelMetadataAnswer,
  type ReadyAnswer,
  type ServerMetadataAnswer,
  type TensorMetadataAnswer,
} from "./service.ts";

const METADATA_DEADLINE_MS = 10_000;
const { nowNs } = monotonicClock;

/**
 * Connects to a gRPC server of the Open Inference Protocol, ours or another one.
 *
 * @throws {TransportError} UNAVAILABLE when nobody answers.
 */
export async function connectGrpc(endpoint: string, options: ConnectOptions): Promise<InferenceClient> {
  return createUnaryClient(await openConnection(endpoint, options), endpoint, options);
}

/** What a client can ask by unary calls. */
export interface UnaryClient extends InferenceClient {
  /** Whether the model answers a request as often as it likes, as far as the server tells. */
  isDecoupled(modelName: string): Promise<boolean>;
}

/** A client on a connection of its own, which it releases. */
export function createUnaryClient(
  client: grpc.Client,
  endpoint: string,
  options: ConnectOptions,
): UnaryClient {
  const calls = createCalls(client, endpoint, options.tuning);
  const service = inferenceService();
  const inferPath = service.ModelInfer.path;
  const form = options.tuning === "tuned" ? "lazy" : "plain";
  const { maxPayloadBytes } = options;

  const ask = <Answer>(method: keyof typeof service, request: object): Promise<Answer> => {
    const { path, requestSerialize, responseDeserialize } = service[method];
    return calls.start<object, Answer>({
      path,
      serialize: requestSerialize,
      deserialize: (bytes) => responseDeserialize(bytes) as Answer,
      argument: request,
      deadlineMs: METADATA_DEADLINE_MS,
    });
  };

  return {
    protocolVersion: "2",
    infer(request, { marks, signal, deadlineMs }: InferOptions) {
      if (signal?.aborted === true) return Promise.reject(TransportError.from(signal.reason));
      let argument: OutgoingMessage;
      try {
        const message = encodeInferRequest(request);
        marks.requestPayloadBytes = message.byteLength;
        checkLimit("request", message, maxPayloadBytes);
        argument = outgoingMessage(message, form);
      } catch (reason) {
        return Promise.reject(TransportError.from(reason, "INTERNAL"));
      }
      return calls.start<OutgoingMessage, InferResponse>({
        path: inferPath,
        serialize: passThrough,
        deserialize: (bytes) => {
          marks.receivedNs = nowNs();
          marks.responsePayloadBytes = bytes.byteLength;
          return readResponse(bytes);
        },
        argument,
        deadlineMs,
        signal,
        marks,
      });
    },
    async serverMetadata() {
      const { name, version, extensions } = await ask<ServerMetadataAnswer>("ServerMetadata", {});
      return { name, version, extensions };
    },
    async modelMetadata(modelName, modelVersion = "") {
      const request = { name: modelName, version: modelVersion };
      return readModelMetadata(await ask<ModelMetadataAnswer>("ModelMetadata", request));
    },
    async isModelReady(modelName) {
      return (await ask<ReadyAnswer>("ModelReady", { name: modelName, version: "" })).ready;
    },
    async statistics(modelName) {
      return readStatistics(await ask<object>("ModelStatistics", { name: modelName, version: "" }));
    },
    async isDecoupled(modelName) {
      try {
        const { config } = await ask<ModelConfigAnswer>("ModelConfig", { name: modelName, version: "" });
        return config?.model_transaction_policy?.decoupled === true;
      } catch {
        // Not every server has a word for it.
        return false;
      }
    },
    close: calls.close,
    destroy: calls.destroy,
  };
}

/** @throws {TransportError} INTERNAL for a datatype that the protocol does not have. */
function readModelMetadata(answer: ModelMetadataAnswer): ModelMetadata {
  const { name, versions, platform, inputs, outputs, properties = {} } = answer;
  const tensor = ({ name, datatype, shape }: TensorMetadataAnswer): ModelMetadata["inputs"][number] => {
    if (isDatatype(datatype)) return { name, datatype, shape };
    throw new TransportError(
      "INTERNAL",
      `the server's tensor '${name}' has the unknown datatype '${datatype}'`,
    );
  };
  return {
    name,
    versions,
    platform,
    inputs: inputs.map(tensor),
    outputs: outputs.map(tensor),
    ...(Object.keys(properties).length === 0 ? {} : { properties }),
  };
}
