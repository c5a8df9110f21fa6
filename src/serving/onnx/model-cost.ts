import { InferenceSession, Tensor } from "onnxruntime-node";
import { DATA_TYPE } from "./data-type.ts";
import { valueInfo } from "./graph-builder.ts";
import { type OnnxModel, writeModel } from "./model-file.ts";
import { type GraphProto, type NodeProto, type TensorProto, toNumber } from "./schema.ts";

/** Operators whose multiplications are counted, and the input that holds their weights. */
const WEIGHT_INPUT: Readonly<Record<string, number>> = {
  Conv: 1,
  ConvInteger: 1,
  ConvTranspose: 1,
  Gemm: 1,
  MatMul: 1,
  MatMulInteger: 1,
  QLinearConv: 3,
  QLinearMatMul: 3,
};

/** Operators that hand a weight on without changing its shape. */
const PASSING = new Set(["DequantizeLinear", "QuantizeLinear", "Identity", "Cast"]);

function elements(tensor: TensorProto): number {
  return (tensor.dims ?? []).reduce<number>((product, size) => product * toNumber(size), 1);
}

/** The shape of the weight behind a value; undefined when it is computed from the input. */
function shapeThrough(graph: GraphProto, name: string): readonly number[] | undefined {
  const weights = new Map((graph.initializer ?? []).map((tensor) => [tensor.name, tensor]));
  const producers = new Map(
    (graph.node ?? []).flatMap((node) => (node.output ?? []).map((out) => [out, node])),
  );
  for (let at = name; ; ) {
    const tensor = weights.get(at);
    if (tensor !== undefined) return (tensor.dims ?? []).map(toNumber);
    const producer = producers.get(at);
    if (producer?.opType === "Constant") {
      return (producer.attribute?.find((attribute) => attribute.name === "value")?.t?.dims ?? []).map(
        toNumber,
      );
    }
    if (producer === undefined || !PASSING.has(producer.opType ?? "")) return undefined;
    at = producer.input?.[0] ?? "";
  }
}

/**
 * The number of a model's parameters: elements of its float and quantised weights. Scales and zero points of quantised
 * models, shapes and other scalars are none: only initializers that reach a Conv, Gemm, MatMul (or their quantised forms),
 * BatchNormalization or PRelu count, biases included.
 */
export function countParameters({ graph }: OnnxModel): number {
  const weights = new Map((graph.initializer ?? []).map((tensor) => [tensor.name ?? "", tensor]));
  const producers = new Map(
    (graph.node ?? []).flatMap((node) => (node.output ?? []).map((out) => [out, node])),
  );
  const counted = new Set<string>();
  let count = 0;
  for (const node of graph.node ?? []) {
    const type = node.opType ?? "";
    const trained = Object.hasOwn(WEIGHT_INPUT, type) || type === "BatchNormalization" || type === "PRelu";
    if (!trained) continue;
    for (const [index, input] of (node.input ?? []).entries()) {
      // QLinearConv and QLinearMatMul list scales and zero points between the weights: only w (3) and bias (8) count.
      if (type.startsWith("QLinear") && index !== 3 && index !== 8) continue;
      let at = input;
      for (let step = producers.get(at); step !== undefined && PASSING.has(step.opType ?? ""); ) {
        at = step.input?.[0] ?? "";
        step = producers.get(at);
      }
      const tensor = weights.get(at) ?? producers.get(at)?.attribute?.find(({ name }) => name === "value")?.t;
      if (tensor === undefined || tensor === null || counted.has(at)) continue;
      counted.add(at);
      count += elements(tensor);
    }
  }
  return count;
}

/** Multiplications and additions of one node, from the shapes of its weights and of its output (or input, see below). */
function macsOf(node: NodeProto, graph: GraphProto, measured: readonly number[]): number {
  const size = measured.reduce((product, dim) => product * dim, 1);
  const weight = shapeThrough(graph, node.input?.[WEIGHT_INPUT[node.opType ?? ""] ?? 1] ?? "");
  switch (node.opType ?? "") {
    case "Gemm": {
      const transposed =
        node.attribute?.some(({ name, i }) => name === "transB" && toNumber(i) === 1) ?? false;
      return size * (weight?.[transposed ? 1 : 0] ?? 0);
    }
    case "MatMul":
    case "MatMulInteger":
    case "QLinearMatMul":
      return size * (weight?.at(-2) ?? 0);
    default:
      // Conv: every output element costs one filter [in / group, kh, kw]; ConvTranspose: every input element likewise.
      return size * (weight?.slice(1).reduce((product, dim) => product * dim, 1) ?? 0);
  }
}

/** A model that tells the shapes at its counted nodes, as int64 outputs, in their order. */
function withShapeOutputs(model: OnnxModel): {
  readonly model: OnnxModel;
  readonly counted: readonly NodeProto[];
} {
  const counted = (model.graph.node ?? []).filter(({ opType }) => Object.hasOwn(WEIGHT_INPUT, opType ?? ""));
  const probes = counted.map(
    (node, index): NodeProto => ({
      opType: "Shape",
      name: `wirebench/shape_${index}`,
      input: [node.opType === "ConvTranspose" ? node.input![0]! : node.output![0]!],
      output: [`wirebench/shape_${index}`],
    }),
  );
  const output = probes.map((probe) => valueInfo(probe.output![0]!, "INT64", ["rank"]));
  const graph = { ...model.graph, node: [...(model.graph.node ?? []), ...probes], output };
  return { model: { ...model, graph }, counted };
}

/**
 * Multiply-accumulate operations of one run, batch 1: Conv, ConvTranspose, Gemm, MatMul and their quantised forms.
 * The shapes are not inferred but observed: ONNX Runtime runs the model once on zeros. Products of two computed tensors
 * (attention) are not counted.
 *
 * @param shape - the input's shape.
 * @throws whatever ONNX Runtime throws for a size that the model cannot take.
 */
export async function countMacs(
  model: OnnxModel,
  inputName: string,
  shape: readonly number[],
): Promise<number> {
  const probed = withShapeOutputs(model);
  if (probed.counted.length === 0) return 0;
  const type = model.graph.input?.find(({ name }) => name === inputName)?.type?.tensorType?.elemType;
  const count = shape.reduce((product, size) => product * size, 1);
  const zeros =
    type === DATA_TYPE.uint8
      ? new Tensor("uint8", new Uint8Array(count), shape)
      : type === DATA_TYPE.int8
        ? new Tensor("int8", new Int8Array(count), shape)
        : type === DATA_TYPE.float16
          ? new Tensor("float16", new Uint16Array(count), shape)
          : new Tensor("float32", new Float32Array(count), shape);
  // Optimisation off: nothing is fused or folded away, so every probed value exists.
  const session = await InferenceSession.create(writeModel(probed.model), {
    graphOptimizationLevel: "disabled",
    logSeverityLevel: 3,
  });
  try {
    const answers = await session.run({ [inputName]: zeros });
    return probed.counted.reduce((sum, node, index) => {
      const dims = answers[`wirebench/shape_${index}`]!.data as BigInt64Array;
      return sum + macsOf(node, probed.model.graph, Array.from(dims, Number));
    }, 0);
  } finally {
    await session.release();
  }
}
