import { intConstant, readInts } from "./constant.ts";
import type { OnnxModel } from "./model-file.ts";
import { toNumber, type ValueInfoProto } from "./schema.ts";

function withFreeFirst(value: ValueInfoProto): ValueInfoProto {
  const type = value.type?.tensorType;
  const dim = type?.shape?.dim ?? [];
  if (type === null || type === undefined || dim.length === 0) return value;
  return {
    ...value,
    type: { tensorType: { ...type, shape: { dim: [{ dimParam: "batch" }, ...dim.slice(1)] } } },
  };
}

/**
 * Frees a batch dimension that is fixed at 1: in the inputs and outputs, and where a Reshape has the 1 written in its
 * target (it then keeps the dimension that comes in). Whether the answers stay the same is for the caller to try.
 *
 * @returns a new model that shares the weights; undefined when an input or output does not begin with 1.
 */
export function freeBatch(model: OnnxModel): OnnxModel | undefined {
  const { graph } = model;
  const weights = new Map((graph.initializer ?? []).map((tensor) => [tensor.name ?? "", tensor]));
  const inputs = (graph.input ?? []).filter(({ name }) => !weights.has(name ?? ""));
  const fixed = [...inputs, ...(graph.output ?? [])].every(
    ({ type }) => toNumber(type?.tensorType?.shape?.dim?.[0]?.dimValue) === 1,
  );
  if (!fixed) return undefined;
  const targets = new Set(
    (graph.node ?? []).filter(({ opType }) => opType === "Reshape").map(({ input }) => input?.[1] ?? ""),
  );
  const initializer = (graph.initializer ?? []).map((tensor) => {
    if (!targets.has(tensor.name ?? "")) return tensor;
    const target = readInts(tensor);
    return target[0] === 1 ? intConstant(tensor.name ?? "", [0, ...target.slice(1)]) : tensor;
  });
  return {
    ...model,
    graph: {
      ...graph,
      initializer,
      input: (graph.input ?? []).map((value) =>
        weights.has(value.name ?? "") ? value : withFreeFirst(value),
      ),
      output: (graph.output ?? []).map(withFreeFirst),
      // Shapes inferred for a batch of 1 would contradict the freed ones; the runtime infers them anew.
      valueInfo: [],
    },
  };
}
