import { ServingError } from "../../core/errors.ts";
import type { TensorMetadata } from "../../core/metadata.ts";
import { datatypeOf } from "./data-type.ts";
import type { OnnxModel } from "./model-file.ts";
import { toNumber, type ValueInfoProto } from "./schema.ts";

/** What goes into a model and what comes out; -1 is a free dimension. */
export interface Signature {
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
}

function tensorMetadata(value: ValueInfoProto, role: string): TensorMetadata {
  const name = value.name ?? "";
  const type = value.type?.tensorType;
  const datatype = datatypeOf(type?.elemType ?? 0);
  if (type === null || type === undefined || datatype === undefined) {
    throw new ServingError("ERR_MODEL", `${role} '${name}' is no tensor of a supported datatype`);
  }
  const shape = (type.shape?.dim ?? []).map((dim) => {
    // A decoded message answers 0 for a number that it does not have.
    const size = Object.hasOwn(dim, "dimValue") ? toNumber(dim.dimValue) : -1;
    return size >= 0 ? size : -1;
  });
  return { name, datatype, shape };
}

/**
 * The inputs (initializers, which old files list among them, are none) and outputs of a model.
 * @throws {ServingError} ERR_MODEL for an input or output that is no tensor.
 */
export function readSignature({ graph }: OnnxModel): Signature {
  const weights = new Set((graph.initializer ?? []).map(({ name }) => name ?? ""));
  return {
    inputs: (graph.input ?? [])
      .filter(({ name }) => !weights.has(name ?? ""))
      .map((value) => tensorMetadata(value, "input")),
    outputs: (graph.output ?? []).map((value) => tensorMetadata(value, "output")),
  };
}
