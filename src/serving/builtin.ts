import { TransportError } from "../core/errors.ts";
import type { InferRequest } from "../core/inference.ts";
import type { ModelMetadata, TensorMetadata } from "../core/metadata.ts";
import { DELAY_US } from "../core/parameters.ts";
import { checkTensor, type Tensor } from "../core/tensor.ts";

/** A model without ONNX Runtime: a zero point of the measurement. */
export interface BuiltinModel {
  readonly kind: "null" | "identity" | "delay";
  readonly name: string;
  /** For `delay`: microseconds unless the request says otherwise. */
  readonly delayUs: number;
}

const DELAY_NAME = /^delay(?:-(\d+(?:\.\d+)?)(us|ms|s))?$/;
const UNIT_US = { us: 1, ms: 1_000, s: 1_000_000 } as const;
/** An hour: longer delays are mistakes. */
const MAX_DELAY_US = 3_600_000_000;

/**
 * The built-in model of a name, `undefined` for all other names: `null` (answers one byte), `identity` (answers its input), `delay`,
 * `delay-20ms`, `delay-500us`, `delay-1s` (answers one byte after that time; `delay` alone waits only if asked to).
 */
export function builtinModel(name: string): BuiltinModel | undefined {
  if (name === "null" || name === "identity") return { kind: name, name, delayUs: 0 };
  const match = DELAY_NAME.exec(name);
  if (match === null) return undefined;
  const unit = match[2] as keyof typeof UNIT_US | undefined;
  const delayUs = unit === undefined ? 0 : Number(match[1]) * UNIT_US[unit];
  return delayUs <= MAX_DELAY_US ? { kind: "delay", name, delayUs } : undefined;
}

/** Model metadata: UINT8 `input` [-1] → UINT8 `output` [-1] (`identity`) or [1]. */
export function builtinMetadata({ kind, name }: BuiltinModel): ModelMetadata {
  const input: TensorMetadata = { name: "input", datatype: "UINT8", shape: [-1] };
  const output: TensorMetadata = {
    name: "output",
    datatype: "UINT8",
    shape: [kind === "identity" ? -1 : 1],
  };
  return { name, versions: ["1"], platform: "wirebench_builtin", inputs: [input], outputs: [output] };
}

/**
 * Checks a request to a built-in model.
 * @returns its one input.
 * @throws {TransportError} INVALID_ARGUMENT
 */
export function builtinInput({ name }: BuiltinModel, request: InferRequest): Tensor {
  const [input] = request.inputs;
  if (input === undefined || request.inputs.length !== 1 || input.name !== "input") {
    throw new TransportError(
      "INVALID_ARGUMENT",
      `expected the one input 'input' for model '${name}', got ${request.inputs.map((tensor) => `'${tensor.name}'`).join(", ") || "none"}`,
    );
  }
  if (input.datatype !== "UINT8") {
    throw new TransportError(
      "INVALID_ARGUMENT",
      `inference input 'input' data-type is ${input.datatype}, but model '${name}' expects UINT8`,
    );
  }
  if (input.shape.length !== 1) {
    throw new TransportError(
      "INVALID_ARGUMENT",
      `unexpected shape for input 'input' for model '${name}': expected [-1], got [${input.shape}]`,
    );
  }
  checkTensor(input);
  for (const output of request.outputs ?? []) {
    if (output.name !== "output") {
      throw new TransportError(
        "INVALID_ARGUMENT",
        `unexpected inference output '${output.name}' for model '${name}'; there is: output`,
      );
    }
  }
  return input;
}

/** The outputs of a built-in model; `identity` passes its input's bytes on without a copy. */
export function builtinOutputs({ kind }: BuiltinModel, input: Tensor): readonly Tensor[] {
  if (kind === "identity") {
    return [{ name: "output", datatype: "UINT8", shape: input.shape, data: input.data }];
  }
  return [{ name: "output", datatype: "UINT8", shape: [1], data: new Uint8Array(1) }];
}

/**
 * How long this request to `delay` waits, microseconds.
 * @throws {TransportError} INVALID_ARGUMENT when the parameter is not a time.
 */
export function delayOf(model: BuiltinModel, request: InferRequest): number {
  const asked = request.parameters?.[DELAY_US];
  if (asked === undefined) return model.delayUs;
  if (typeof asked !== "number" || !(asked >= 0 && asked <= MAX_DELAY_US)) {
    throw new TransportError(
      "INVALID_ARGUMENT",
      `parameter ${DELAY_US}: expected 0 to ${MAX_DELAY_US} microseconds, got ${asked}`,
    );
  }
  return asked;
}
