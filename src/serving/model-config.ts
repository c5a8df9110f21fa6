import { z } from "zod";
import { ServingError } from "../core/errors.ts";
import type { TensorMetadata } from "../core/metadata.ts";
import type { Datatype } from "../core/tensor.ts";
import type { Signature } from "./onnx/signature.ts";
import { RECIPE_SCHEMA } from "./recipe.ts";
import { VERSION_POLICY_SCHEMA } from "./version-policy.ts";

/** How many pictures one run may take where a model's batch is free. */
export const DEFAULT_MAX_BATCH_SIZE = 8;

const TENSOR_SCHEMA = z.looseObject({
  name: z.string(),
  /** Triton's name of a datatype: `TYPE_FP32`, `TYPE_STRING` for BYTES. */
  data_type: z.string().default(""),
  /** Without the batch where `max_batch_size` is above 0; -1 is free. */
  dims: z.array(z.int()).default([]),
  /** The model's own shape where it is not `dims`; without the batch, too. */
  reshape: z.object({ shape: z.array(z.int()).default([]) }).nullish(),
});

/** What the project adds to Triton's configuration; a folder made for Triton has none of it. */
const OWN_SCHEMA = z.object({
  recipe: z.union([z.literal("raw"), RECIPE_SCHEMA]).optional(),
  /** Names of the classes, class 0 first. */
  labels: z.array(z.string()).optional(),
  /** `seeded`: random numbers, for speed only. */
  weights: z.enum(["seeded", "trained"]).default("trained"),
  source: z
    .object({
      /** The file that was added; for generated models the generator's name and seed. */
      file: z.string().optional(),
      generator: z.string().optional(),
      seed: z.int().optional(),
      /** Of the file that was added, which `model.onnx` may differ from in its batch dimension. */
      sha256: z.string().optional(),
    })
    .optional(),
  cost: z
    .object({
      parameters: z.int(),
      /** Multiply-accumulates of one run on one picture of the size below; absent where it could not be counted. */
      macs: z.int().optional(),
      widthPx: z.int().optional(),
      heightPx: z.int().optional(),
    })
    .optional(),
});

/** Triton's ModelConfig as JSON (fields that are not named here are kept), with the project's part under `wirebench`. */
export const MODEL_CONFIG_SCHEMA = z.looseObject({
  name: z.string().optional(),
  platform: z.string().optional(),
  backend: z.string().optional(),
  /** 0: the first dimension is not a batch. */
  max_batch_size: z.int().min(0).default(0),
  input: z.array(TENSOR_SCHEMA).optional(),
  /** `label_filename`: names of the classes, beside the configuration. */
  output: z.array(TENSOR_SCHEMA.extend({ label_filename: z.string().optional() })).optional(),
  instance_group: z.array(z.looseObject({ count: z.int().min(0).default(1) })).optional(),
  version_policy: VERSION_POLICY_SCHEMA.optional(),
  /** In each version's folder; empty: `model.onnx`. */
  default_model_filename: z
    .string()
    .regex(/^(?!\.\.?$)[^/\\]*$/, "expected a file's name")
    .optional(),
  dynamic_batching: z
    .looseObject({
      preferred_batch_size: z.array(z.int().min(1)).default([]),
      max_queue_delay_microseconds: z.number().min(0).default(0),
    })
    .optional(),
  wirebench: OWN_SCHEMA.optional(),
});

/** A `config.json`, checked. */
export type ModelConfig = z.infer<typeof MODEL_CONFIG_SCHEMA>;

/** The project's part of a `config.json`. */
export type OwnConfig = z.infer<typeof OWN_SCHEMA>;

/**
 * Checks a `config.json`.
 * @throws {ServingError} ERR_MODEL naming every problem, on one line.
 */
export function parseModelConfig(value: unknown, where: string): ModelConfig {
  const result = MODEL_CONFIG_SCHEMA.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new ServingError("ERR_MODEL", `${where}: ${problems.join("; ")}`);
}

/** Triton's name of a datatype. */
export function tritonType(datatype: Datatype): string {
  return `TYPE_${datatype === "BYTES" ? "STRING" : datatype}`;
}

/** Whether pictures of several requests may go in one run: every input's and output's first dimension is free. */
export function isBatchable({ inputs, outputs }: Signature): boolean {
  return [...inputs, ...outputs].every(({ shape }) => shape[0] === -1);
}

/** The configuration of a model with a signature. */
export function createModelConfig(name: string, signature: Signature, own: OwnConfig): ModelConfig {
  const batchable = isBatchable(signature);
  const tensor = ({ name: tensorName, datatype, shape }: TensorMetadata) => ({
    name: tensorName,
    data_type: tritonType(datatype),
    dims: batchable ? shape.slice(1) : [...shape],
  });
  return {
    name,
    platform: "onnxruntime_onnx",
    backend: "onnxruntime",
    max_batch_size: batchable ? DEFAULT_MAX_BATCH_SIZE : 0,
    input: signature.inputs.map(tensor),
    output: signature.outputs.map(tensor),
    wirebench: own,
  };
}
