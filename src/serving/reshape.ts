import { TransportError } from "../core/errors.ts";
import { elementCount, type Tensor } from "../core/tensor.ts";
import type { OnnxSession } from "./onnx-session.ts";

/** A tensor that has one shape for clients and another for the model; -1 is free, the batch (in both) included. Plain data. */
export interface Reshape {
  readonly name: string;
  /** For clients. */
  readonly dims: readonly number[];
  /** For the model. */
  readonly shape: readonly number[];
}

/** @see https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/user_guide/model_configuration.html#reshape */
export interface Reshapes {
  readonly inputs: readonly Reshape[];
  readonly outputs: readonly Reshape[];
}

/** Whether two shapes always hold equally many elements: as many free dimensions, and the same number before, between, behind them. */
export function canReshape(one: readonly number[], other: readonly number[]): boolean {
  return `${fixedCounts(one)}` === `${fixedCounts(other)}`;
}

function fixedCounts(shape: readonly number[]): readonly number[] {
  const counts = [1];
  for (const size of shape) {
    if (size < 0) counts.push(1);
    else counts[counts.length - 1]! *= size;
  }
  return counts;
}

/** A shape that fits `from` as one that fits `to`, whose free dimensions are the same in the same order. */
export function reshaped(
  shape: readonly number[],
  from: readonly number[],
  to: readonly number[],
): readonly number[] {
  const free = shape.filter((_, axis) => from[axis]! < 0);
  return to.map((size) => (size < 0 ? free.shift()! : size));
}

/** A client's inputs as the model takes them; the bytes stay. @throws {TransportError} as {@link reshapeSession}. */
export function reshapeInputs(tensors: readonly Tensor[], reshapes: Reshapes | undefined): readonly Tensor[] {
  return reshapes === undefined ? tensors : reshapeAll(tensors, reshapes.inputs, ["dims", "shape"]);
}

/**
 * A session of the model that takes and gives the clients' shapes. Its runs also throw {TransportError} INTERNAL for a tensor that
 * does not fit its reshape.
 */
export function reshapeSession(session: OnnxSession, reshapes: Reshapes | undefined): OnnxSession {
  if (reshapes === undefined) return session;
  return {
    ...session,
    run: async (feeds, outputs) =>
      reshapeAll(await session.run(reshapeInputs(feeds, reshapes), outputs), reshapes.outputs, [
        "shape",
        "dims",
      ]),
  };
}

function reshapeAll(
  tensors: readonly Tensor[],
  reshapes: readonly Reshape[],
  [from, to]: readonly ["dims", "shape"] | readonly ["shape", "dims"],
): readonly Tensor[] {
  return tensors.map((tensor) => {
    const reshape = reshapes.find(({ name }) => name === tensor.name);
    if (reshape === undefined) return tensor;
    const shape = reshaped(tensor.shape, reshape[from], reshape[to]);
    if (elementCount(shape) !== elementCount(tensor.shape)) {
      const what = `tensor '${tensor.name}': [${tensor.shape}] cannot be reshaped`;
      throw new TransportError("INTERNAL", `${what} from [${reshape[from]}] to [${reshape[to]}]`);
    }
    return { ...tensor, shape };
  });
}
