import type { Datatype } from "../../core/tensor.ts";
import { floatConstant, intConstant } from "./constant.ts";
import { elementTypeOf } from "./data-type.ts";
import type { OnnxModel } from "./model-file.ts";
import {
  ATTRIBUTE_TYPE,
  type AttributeProto,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from "./schema.ts";

/** A value of a node's attribute: whole numbers become ints; write `{ float: 1 }` where ONNX wants a float. */
export type AttributeValue = number | string | readonly number[] | { readonly float: number };

/** The name of a value in a graph under construction. */
export type Value = string;

/** A dimension of an input or output: a size, or the name of a free one. */
export type Dimension = number | string;

function attributeProto(name: string, value: AttributeValue): AttributeProto {
  if (typeof value === "number") return { name, type: ATTRIBUTE_TYPE.int, i: value };
  if (typeof value === "string") return { name, type: ATTRIBUTE_TYPE.string, s: Buffer.from(value) };
  if ("float" in value) return { name, type: ATTRIBUTE_TYPE.float, f: value.float };
  return { name, type: ATTRIBUTE_TYPE.ints, ints: [...value] };
}

/** What describes an input or output of a graph. */
export function valueInfo(name: string, datatype: Datatype, shape: readonly Dimension[]): ValueInfoProto {
  const dim = shape.map((size) => (typeof size === "number" ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: elementTypeOf(datatype), shape: { dim } } } };
}

/**
 * Writes an ONNX graph operator by operator, in the order of computation. Every name it makes begins with `prefix`,
 * so that graphs of several builders can be put together.
 */
export class GraphBuilder {
  readonly #prefix: string;
  readonly #nodes: NodeProto[] = [];
  readonly #initializers: TensorProto[] = [];
  readonly #inputs: ValueInfoProto[] = [];
  readonly #outputs: ValueInfoProto[] = [];
  #count = 0;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  #fresh(kind: string): string {
    this.#count += 1;
    return `${this.#prefix}${kind.toLowerCase()}_${String(this.#count).padStart(3, "0")}`;
  }

  /** Declares an input; its name is taken as it is. */
  input(name: string, datatype: Datatype, shape: readonly Dimension[]): Value {
    this.#inputs.push(valueInfo(name, datatype, shape));
    return name;
  }

  /** Declares an existing value as an output. */
  output(name: Value, datatype: Datatype, shape: readonly Dimension[]): void {
    this.#outputs.push(valueInfo(name, datatype, shape));
  }

  /** A float32 constant; the array's memory is used until the graph is written. */
  floats(values: readonly number[] | Float32Array, dims: readonly number[] = [values.length]): Value {
    const name = this.#fresh("const");
    const array = values instanceof Float32Array ? values : Float32Array.from(values);
    this.#initializers.push(floatConstant(name, dims, array));
    return name;
  }

  /** A one-dimensional int64 constant. */
  ints(values: readonly number[]): Value {
    const name = this.#fresh("const");
    this.#initializers.push(intConstant(name, values));
    return name;
  }

  /** Adds one operator and returns its only (or first) output; an empty input name is an optional input left out. */
  op(
    opType: string,
    inputs: readonly Value[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    output: Value = this.#fresh(opType),
  ): Value {
    this.#add(opType, inputs, [output], attributes);
    return output;
  }

  /** Adds one operator with several outputs. */
  ops(
    opType: string,
    inputs: readonly Value[],
    attributes: Readonly<Record<string, AttributeValue>>,
    outputs: readonly Value[],
  ): void {
    this.#add(opType, inputs, outputs, attributes);
  }

  #add(
    opType: string,
    inputs: readonly Value[],
    outputs: readonly Value[],
    attributes: Readonly<Record<string, AttributeValue>>,
  ): void {
    // Outputs may have a name without the prefix that the model has for a node of its own.
    const [first = opType] = outputs;
    this.#nodes.push({
      opType,
      name: first.startsWith(this.#prefix) ? first : `${this.#prefix}${first}`,
      input: [...inputs],
      output: [...outputs],
      attribute: Object.entries(attributes).map(([name, value]) => attributeProto(name, value)),
    });
  }

  /** The graph as built so far. */
  graph(name: string): GraphProto {
    return {
      name,
      node: this.#nodes,
      initializer: this.#initializers,
      input: this.#inputs,
      output: this.#outputs,
    };
  }
}

/** A model around a graph. */
export function createModel(graph: GraphProto, opset: number): OnnxModel {
  return {
    // IR 8 is the first that knows opset 17 and is read by every ONNX Runtime since 1.12.
    irVersion: 8,
    producerName: "wirebench",
    opsetImport: [{ domain: "", version: opset }],
    graph,
  };
}
