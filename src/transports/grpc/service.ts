import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import { loadSync, type PackageDefinition } from "@grpc/proto-loader";
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

/** The part of ModelConfig that a client of ours reads. */
export interface ModelConfigAnswer {
  readonly config?: { readonly model_transaction_policy?: { readonly decoupled: boolean } | null } | null;
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
    | "ModelStreamInfer"
    | "ModelConfig"
    | "ModelStatistics",
    grpc.MethodDefinition<object, object>
  >
>;

export const INFERENCE_SERVICE = "inference.GRPCInferenceService";

let definition: PackageDefinition | undefined;

/** The package's `proto/inference.proto`, read once. */
export function inferencePackage(): PackageDefinition {
  definition ??= loadSync(fileURLToPath(new URL("../../../proto/inference.proto", import.meta.url)), {
    keepCase: true,
    longs: Number,
    defaults: true,
  });
  return definition;
}

/** The service of {@link inferencePackage}. */
export function inferenceService(): InferenceService {
  // proto-loader's types know neither the file's services nor their methods.
  return inferencePackage()[INFERENCE_SERVICE] as unknown as InferenceService;
}

/** grpc-js prints what it then also throws; whoever wants to see it sets GRPC_VERBOSITY or GRPC_TRACE. */
export function silenceLibrary(): void {
  const { env } = process;
  if (env["GRPC_VERBOSITY"] === undefined && env["GRPC_TRACE"] === undefined) {
    grpc.setLogVerbosity(grpc.logVerbosity.NONE);
  }
}
