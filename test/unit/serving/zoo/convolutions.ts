import type { OnnxModel } from "../../../../src/serving/onnx/model-file.ts";
import { type NodeProto, toNumber } from "../../../../src/serving/onnx/schema.ts";

/** A convolution as a table of a paper would list it. */
export interface Convolution {
  readonly node: NodeProto;
  /** Side of its filters. */
  readonly kernel: number;
  readonly inputs: number;
  readonly channels: number;
  readonly stride: number;
  readonly dilation: number;
  /** The number of channels for a depthwise one. */
  readonly group: number;
}

/** The convolutions of a generated net, in the order of computation. */
export function convolutions({ graph }: OnnxModel): readonly Convolution[] {
  const weights = new Map((graph.initializer ?? []).map((tensor) => [tensor.name ?? "", tensor]));
  return (graph.node ?? [])
    .filter(({ opType }) => opType === "Conv")
    .map((node) => {
      const attribute = (name: string) => node.attribute?.find((candidate) => candidate.name === name);
      const first = (name: string) => toNumber(attribute(name)?.ints?.[0]);
      const [channels, perGroup] = (weights.get(node.input![1]!)?.dims ?? []).map(toNumber);
      const group = toNumber(attribute("group")?.i);
      return {
        node,
        kernel: first("kernel_shape"),
        inputs: perGroup! * group,
        channels: channels!,
        stride: first("strides"),
        dilation: first("dilations"),
        group,
      };
    });
}
