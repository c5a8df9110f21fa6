import { ServingError } from "../../core/errors.ts";
import { type GraphProto, MODEL_PROTO, type ModelProto, toNumber } from "./schema.ts";

/** A decoded model: the graph is there. Weights are views into the bytes it was read from. */
export type OnnxModel = ModelProto & { graph: GraphProto };

/**
 * Reads an ONNX file. Large weights are not copied: they stay views into `bytes`, which must not change.
 * @throws {ServingError} ERR_MODEL when the bytes are no ONNX model.
 */
export function readModel(bytes: Uint8Array): OnnxModel {
  let model: ModelProto;
  try {
    // A Buffer makes protobufjs hand out views; from a plain Uint8Array it would copy every weight.
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    model = MODEL_PROTO.decode(view) as unknown as ModelProto;
  } catch (cause) {
    throw new ServingError("ERR_MODEL", "not an ONNX model (it cannot be read as protobuf)", { cause });
  }
  const { graph } = model;
  if (
    graph === null ||
    graph === undefined ||
    (graph.output ?? []).length === 0 ||
    toNumber(model.irVersion) < 1
  ) {
    throw new ServingError("ERR_MODEL", "not an ONNX model (it holds no graph with outputs)");
  }
  return Object.assign(model, { graph });
}

/** Writes a model; the weights are copied once, into the answer. */
export function writeModel(model: ModelProto): Uint8Array {
  return MODEL_PROTO.encode(model as Record<string, unknown>).finish();
}

/** The version of ONNX's own operator set that a model asks for; 0 when it names none. */
export function opsetOf(model: ModelProto): number {
  const own = (model.opsetImport ?? []).find(({ domain }) => (domain ?? "") === "" || domain === "ai.onnx");
  return toNumber(own?.version);
}
