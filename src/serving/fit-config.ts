import { ServingError } from "../core/errors.ts";
import type { TensorMetadata } from "../core/metadata.ts";
import { isBatchable, type ModelConfig, tritonType } from "./model-config.ts";
import type { Signature } from "./onnx/signature.ts";

/** A model's signature under its configuration. */
export interface ConfiguredSignature {
  /** Dimensions that are free in the file and fixed by the configuration are fixed. */
  readonly signature: Signature;
  /** Triton's meaning: 0 when the first dimension is not a batch. */
  readonly maxBatchSize: number;
  /** One line each. */
  readonly notes: readonly string[];
}

/**
 * Holds the inputs and outputs of a configuration against the model's own.
 * @throws {ServingError} ERR_MODEL, one line, for a tensor that the model does not have or has otherwise.
 */
export function fitConfig(config: ModelConfig, own: Signature, where: string): ConfiguredSignature {
  const asked = config.max_batch_size;
  const batchable = isBatchable(own);
  const fitted = (role: "input" | "output"): readonly TensorMetadata[] => {
    const configured = config[role] ?? [];
    const tensors = role === "input" ? own.inputs : own.outputs;
    for (const { name } of configured) {
      if (tensors.some((tensor) => tensor.name === name)) continue;
      const names = tensors.map((tensor) => tensor.name).join(", ");
      throw new ServingError("ERR_MODEL", `${where}: the model has no ${role} '${name}'; there is: ${names}`);
    }
    return tensors.map((tensor) => {
      const said = configured.find(({ name }) => name === tensor.name);
      return said === undefined ? tensor : fitTensor(tensor, said, asked > 0, `${where}: ${role}`);
    });
  };
  return {
    signature: { inputs: fitted("input"), outputs: fitted("output") },
    maxBatchSize: batchable ? asked : 0,
    notes:
      asked > 0 && !batchable ? [`${where}: max_batch_size ${asked} is 0: the model's batch is fixed`] : [],
  };
}

function fitTensor(
  tensor: TensorMetadata,
  said: { readonly data_type: string; readonly dims: readonly number[] },
  hasBatch: boolean,
  where: string,
): TensorMetadata {
  const { name, datatype, shape } = tensor;
  const own = tritonType(datatype);
  if (said.data_type !== "" && said.data_type !== own) {
    throw new ServingError("ERR_MODEL", `${where} '${name}' is ${own} in the model, not ${said.data_type}`);
  }
  if (said.dims.length === 0) return tensor;
  const dims = hasBatch ? [shape[0] ?? -1, ...said.dims] : said.dims;
  const fits =
    dims.length === shape.length &&
    shape.every((size, axis) => size < 0 || dims[axis]! < 0 || size === dims[axis]);
  if (!fits) {
    const found = hasBatch ? shape.slice(1) : shape;
    throw new ServingError(
      "ERR_MODEL",
      `${where} '${name}' has dims [${found}] in the model${hasBatch ? " (without the batch)" : ""}, not [${said.dims}]`,
    );
  }
  return { name, datatype, shape: shape.map((size, axis) => (size < 0 ? dims[axis]! : size)) };
}
