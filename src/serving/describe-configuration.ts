import type { ModelConfiguration, ModelMetadata, TensorMetadata } from "../core/metadata.ts";
import type { BatchPolicy } from "./batching.ts";
import { tritonType } from "./model-config.ts";

/** What a served model is configured as, in Triton's terms. */
export function describeConfiguration(
  { name, platform, inputs, outputs }: ModelMetadata,
  served: {
    /** Absent: every request runs alone. */
    readonly batching?: BatchPolicy | undefined;
    readonly instances: number;
    readonly device: "cpu" | "gpu";
  },
): ModelConfiguration {
  const { batching, instances, device } = served;
  const tensor = ({ name: tensorName, datatype, shape }: TensorMetadata) => ({
    name: tensorName,
    data_type: tritonType(datatype),
    dims: batching === undefined ? shape : shape.slice(1),
  });
  return {
    name,
    platform,
    backend: platform === "onnxruntime_onnx" ? "onnxruntime" : "wirebench",
    max_batch_size: batching?.maxBatchSize ?? 0,
    input: inputs.map(tensor),
    output: outputs.map(tensor),
    instance_group: [
      { name: `${name}_0`, kind: device === "gpu" ? "KIND_GPU" : "KIND_CPU", count: instances },
    ],
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
