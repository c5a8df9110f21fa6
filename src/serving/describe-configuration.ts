import type { ModelConfiguration, ModelMetadata, TensorMetadata } from "../core/metadata.ts";
import type { BatchPolicy } from "./batching.ts";
import { tritonType } from "./model-config.ts";
import type { VersionPolicy } from "./version-policy.ts";

/** What a served model is configured as, in Triton's terms. */
export function describeConfiguration(
  { name, platform, inputs, outputs }: ModelMetadata,
  served: {
    /** Triton's meaning: 0 when the first dimension is not a batch. */
    readonly maxBatchSize: number;
    /** Absent: every request runs alone. */
    readonly batching?: BatchPolicy | undefined;
    readonly instances: number;
    readonly device: "cpu" | "gpu";
    readonly versionPolicy?: VersionPolicy | undefined;
  },
): ModelConfiguration {
  const { maxBatchSize, batching, instances, device, versionPolicy } = served;
  const tensor = ({ name: tensorName, datatype, shape }: TensorMetadata) => ({
    name: tensorName,
    data_type: tritonType(datatype),
    dims: maxBatchSize > 0 ? shape.slice(1) : shape,
  });
  return {
    name,
    platform,
    backend: platform === "onnxruntime_onnx" ? "onnxruntime" : "wirebench",
    max_batch_size: maxBatchSize,
    input: inputs.map(tensor),
    output: outputs.map(tensor),
    instance_group: [
      { name: `${name}_0`, kind: device === "gpu" ? "KIND_GPU" : "KIND_CPU", count: instances },
    ],
    ...(versionPolicy === undefined ? {} : { version_policy: versionPolicy }),
    ...(batching === undefined
      ? {}
      : {
          dynamic_batching: {
            preferred_batch_size: batching.preferredBatchSizes,
            max_queue_delay_microseconds: batching.maxQueueDelayUs,
          },
        }),
  };
}
