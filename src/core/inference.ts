import type { Parameters } from "./parameters.ts";
import type { Tensor } from "./tensor.ts";

/** An output that a request asks for by name; `parameters` may hold `binary_data` and `classification`. */
export interface RequestedOutput {
  readonly name: string;
  readonly parameters?: Parameters | undefined;
}

/** An infer request of the Open Inference Protocol (KServe V2). */
export interface InferRequest {
  readonly modelName: string;
  readonly modelVersion?: string | undefined;
  /** Unique among the requests of one run; every transport carries it and the answer repeats it. */
  readonly id: string;
  readonly parameters?: Parameters | undefined;
  readonly inputs: readonly Tensor[];
  /** Absent: all outputs. */
  readonly outputs?: readonly RequestedOutput[] | undefined;
}

/** An infer response of the Open Inference Protocol. */
export interface InferResponse {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly id: string;
  readonly parameters?: Parameters | undefined;
  readonly outputs: readonly Tensor[];
  /** Not on the wire: when the core's computation ended, nanoseconds of the server's clock. */
  readonly finishedNs?: number | undefined;
}

/**
 * The request with other parameters. On the path of every request no literal begins with `...object` and goes on with members
 * of its own: V8 makes such an object a hidden class for itself alone, which keeps it until the old generation is swept.
 */
export function withParameters(request: InferRequest, parameters: Parameters | undefined): InferRequest {
  const { modelName, modelVersion, id, inputs, outputs } = request;
  return { modelName, modelVersion, id, parameters, inputs, outputs };
}
