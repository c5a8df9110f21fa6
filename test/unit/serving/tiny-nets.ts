import type { Tensor } from "../../../src/core/tensor.ts";
import { openCpuSession } from "../../../src/serving/cpu-session.ts";
import { createModel, GraphBuilder } from "../../../src/serving/onnx/graph-builder.ts";
import { writeModel } from "../../../src/serving/onnx/model-file.ts";

/** Runs a model once on the CPU; outputs by name. */
export async function runOnce(
  model: Uint8Array,
  ...inputs: readonly Tensor[]
): Promise<Readonly<Record<string, Tensor>>> {
  const session = await openCpuSession(model, "test net");
  try {
    return Object.fromEntries((await session.run(inputs)).map((output) => [output.name, output]));
  } finally {
    await session.release();
  }
}

/** What a test net looks like from outside. */
export interface TinyNetOptions {
  readonly layout?: "nhwc" | "nchw";
  readonly datatype?: "FP32" | "UINT8";
  /** `scores`: float [N, 4, H, W]; `mask`: int64 [N, H, W]; `classes`: float [N, 4]; `same`: the input as it came. */
  readonly answer?: "scores" | "mask" | "classes" | "same";
  readonly opset?: number;
  readonly input?: string;
  readonly output?: string;
  readonly batch?: number | string;
  readonly size?: readonly [height: number | string, width: number | string];
}

/** A net of one 3x3 convolution with four filters. */
export function tinyNet(options: TinyNetOptions = {}): Uint8Array {
  const { layout = "nhwc", datatype = "FP32", answer = "scores", opset = 17 } = options;
  const { input = "input", output = "output", batch = 1, size = ["height", "width"] } = options;
  const graph = new GraphBuilder("net_");
  const shape = layout === "nhwc" ? [batch, ...size, 3] : [batch, 3, ...size];
  const image = graph.input(input, datatype, shape);
  if (answer === "same") {
    graph.op("Identity", [image], {}, output);
    graph.output(output, datatype, shape);
    return writeModel(createModel(graph.graph("tiny"), opset));
  }
  const planes = layout === "nhwc" ? graph.op("Transpose", [image], { perm: [0, 3, 1, 2] }) : image;
  const floats = datatype === "FP32" ? planes : graph.op("Cast", [planes], { to: 1 });
  const weights = Float32Array.from({ length: 4 * 27 }, (_, index) => Math.sin(index * 1.7));
  const scores = graph.op("Conv", [floats, graph.floats(weights, [4, 3, 3, 3])], {
    kernel_shape: [3, 3],
    pads: [1, 1, 1, 1],
  });
  if (answer === "scores") {
    graph.op("Identity", [scores], {}, output);
    graph.output(output, "FP32", [batch, 4, ...size]);
  } else if (answer === "mask") {
    graph.op("ArgMax", [scores], { axis: 1, keepdims: 0 }, output);
    graph.output(output, "INT64", [batch, ...size]);
  } else {
    graph.op("Flatten", [graph.op("GlobalAveragePool", [scores])], {}, output);
    graph.output(output, "FP32", [batch, 4]);
  }
  return writeModel(createModel(graph.graph("tiny"), opset));
}

/** Repeatable bytes that look like noise. */
export function noiseBytes(count: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state >> 16;
  });
}
