import type { ModelMetadata, ServerMetadata } from "../../core/metadata.ts";
import type { TransportName } from "../../core/transport.ts";

/** What a server that the bench did not start says about itself and the models asked for. */
export interface ForeignServer {
  /** Without user and password: for messages. */
  readonly url: string;
  readonly transport: TransportName;
  /** Empty name where it does not say who it is. */
  readonly server: ServerMetadata;
  readonly models: ReadonlyMap<string, ModelMetadata>;
}

/** The extension that HTTP needs for raw tensors. */
export const BINARY_TENSOR_DATA = "binary_tensor_data";

/** Whether a model is served by wirebench itself, which takes pictures and tells each request's times. */
export function isOurs({ platform, properties }: ModelMetadata): boolean {
  return properties?.["wirebench_recipe"] !== undefined || platform === "wirebench_builtin";
}
