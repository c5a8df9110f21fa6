import { ServingError } from "../core/errors.ts";
import type { TensorMetadata } from "../core/metadata.ts";
import { isBatchable, type ModelConfig, tritonType } from "./model-config.ts";
import type { Signature } from "./onnx/signature.ts";
import { canReshape, type Reshape, type Reshapes, reshaped } from "./reshape.ts";

/** A model's signature under its configuration. */
export interface ConfiguredSignature {
  /** Dimensions that are free in the file and fixed by the configuration are fixed; a reshaped tensor has its `dims`. */
  readonly signature: Signature;
  /** Absent: the model takes and gives the shapes of the signature. */
  readonly reshapes?: Reshapes | undefined;
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
  const reshapes = { input: [] as Reshape[], output: [] as Reshape[] };
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
      if (said === undefined) return tensor;
      const { data_type, dims, reshape } = said;
      const owner = `${where}: ${role}`;
      const modelDims = reshape?.shape ?? (dims.length > 0 ? dims : undefined);
      const fit = fitTensor(tensor, { data_type, dims: modelDims }, asked > 0, owner);
      if (!reshape) return fit;
      const whole = (sizes: readonly number[]) => (asked > 0 ? [-1, ...sizes] : sizes);
      const entry = { name: tensor.name, dims: whole(dims), shape: whole(reshape.shape) };
      if (!canReshape(entry.dims, entry.shape)) {
        const what = `${owner} '${tensor.name}'`;
        throw new ServingError(
          "ERR_MODEL",
          `${what}: dims [${dims}] cannot be reshaped to [${reshape.shape}]`,
        );
      }
      reshapes[role].push(entry);
      return { ...fit, shape: reshaped(fit.shape, entry.shape, entry.dims) };
    });
  };
  const signature = { inputs: fitted("input"), outputs: fitted("output") };
  const isReshaped = reshapes.input.length + reshapes.output.length > 0;
  return {
    signature,
    reshapes: isReshaped ? { inputs: reshapes.input, outputs: reshapes.output } : undefined,
    maxBatchSize: batchable ? asked : 0,
    notes:
      asked > 0 && !batchable ? [`${where}: max_batch_size ${asked} is 0: the model's batch is fixed`] : [],
  };
}

function fitTensor(
  tensor: TensorMetadata,
  said: { readonly data_type: string; readonly dims: readonly number[] | undefined },
  hasBatch: boolean,
  where: string,
): TensorMetadata {
  const { name, datatype, shape } = tensor;
  const own = tritonType(datatype);
  if (said.data_type !== "" && said.data_type !== own) {
    throw new ServingError("ERR_MODEL", `${where} '${name}' is ${own} in the model, not ${said.data_type}`);
  }
  if (said.dims === undefined) return tensor;
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
