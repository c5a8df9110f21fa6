import { fileURLToPath } from "node:url";
import type * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

/** `ModelSpec` as proto-loader makes and takes it; the version is in a wrapper. */
export interface ModelSpecMessage {
  readonly name?: string;
  readonly version?: { readonly value?: string } | null;
  readonly version_label?: string;
  readonly signature_name?: string;
}

export interface MetadataRequestMessage {
  readonly model_spec?: ModelSpecMessage | null;
  readonly metadata_field?: readonly string[];
}

export interface MetadataResponseMessage {
  readonly model_spec?: ModelSpecMessage | null;
  readonly metadata?: Readonly<Record<string, { readonly type_url: string; readonly value: Uint8Array }>>;
}

export interface StatusRequestMessage {
  readonly model_spec?: ModelSpecMessage | null;
}

export interface StatusResponseMessage {
  readonly model_version_status?: readonly {
    readonly version: string;
    readonly state: string;
    readonly status: { readonly error_code: number; readonly error_message: string };
  }[];
}

/** `tensorflow.serving.PredictionService` and `ModelService` as `proto/tensorflow_serving.proto` defines them. */
export interface TfsServices {
  readonly prediction: Readonly<
    Record<"Predict" | "GetModelMetadata", grpc.MethodDefinition<object, object>>
  >;
  readonly model: Readonly<Record<"GetModelStatus", grpc.MethodDefinition<object, object>>>;
}

let services: TfsServices | undefined;

/** The package's proto files, read once. */
export function tfsServices(): TfsServices {
  if (services !== undefined) return services;
  const folder = fileURLToPath(new URL("../../../../proto", import.meta.url));
  const definition = loadSync("tensorflow_serving.proto", {
    includeDirs: [folder],
    keepCase: true,
    longs: String,
    enums: String,
  });
  // proto-loader's types know neither the file's services nor their methods.
  services = {
    prediction: definition["tensorflow.serving.PredictionService"] as unknown as TfsServices["prediction"],
    model: definition["tensorflow.serving.ModelService"] as unknown as TfsServices["model"],
  };
  return services;
}
