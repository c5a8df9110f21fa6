import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import type { ModelMetadata, ServerMetadata } from "../../core/metadata.ts";

/** The messages beside ModelInfer, as proto-loader makes and takes them. */
export interface NameAndVersion {
  readonly name: string;
  readonly version: string;
}
export interface LiveAnswer {
  readonly live: boolean;
}
export interface ReadyAnswer {
  readonly ready: boolean;
}
export type ServerMetadataAnswer = ServerMetadata;
export interface ModelMetadataAnswer extends Omit<ModelMetadata, "inputs" | "outputs"> {
  readonly inputs: readonly TensorMetadataAnswer[];
  readonly outputs: readonly TensorMetadataAnswer[];
}
export interface TensorMetadataAnswer {
  readonly name: string;
  /** Not checked yet. */
  readonly datatype: string;
  readonly shape: readonly number[];
}

/** `inference.GRPCInferenceService` as `proto/inference.proto` defines it, method by method. */
export type InferenceService = Readonly<
  Record<
    | "ServerLive"
    | "ServerReady"
    | "ServerMetadata"
    | "ModelReady"
    | "ModelMetadata"
    | "ModelInfer"
    | "ModelConfig"
    | "ModelStatistics",
    grpc.MethodDefinition<object, object>
  >
>;

let service: InferenceService | undefined;

/** Reads the service from the package's `proto` folder, once. */
export function inferenceService(): InferenceService {
  service ??= load();
  return service;
}

function load(): InferenceService {
  const file = fileURLToPath(new URL("../../../proto/inference.proto", import.meta.url));
  const definition = loadSync(file, { keepCase: true, longs: Number, defaults: true });
  // proto-loader's types know neither the file's services nor their methods.
  return definition["inference.GRPCInferenceService"] as unknown as InferenceService;
}

/** grpc-js prints what it then also throws; whoever wants to see it sets GRPC_VERBOSITY or GRPC_TRACE. */
export function silenceLibrary(): void {
  const { env } = process;
  if (env["GRPC_VERBOSITY"] === undefined && env["GRPC_TRACE"] === undefined) {
    grpc.setLogVerbosity(grpc.logVerbosity.NONE);
  }
}
