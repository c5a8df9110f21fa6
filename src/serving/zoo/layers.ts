import { GraphBuilder, type Value } from "../onnx/graph-builder.ts";
import { createSeededWeights, type SeededWeights } from "./seeded-weights.ts";

/** NL in the paper's tables: RE is ReLU, HS hard-swish; `none` is a linear layer. */
export type Activation = "RE" | "HS" | "none";

/** A feature map `[N, channels, h, w]` of a net under construction. */
export interface Features {
  readonly value: Value;
  readonly channels: number;
}

/** A convolution with its batch normalisation folded in, and its activation. */
export interface ConvOptions {
  /** Odd; padding keeps the size (divided by the stride, rounded up). */
  readonly kernel: number;
  readonly channels: number;
  /** @default 1 */
  readonly stride?: number;
  /** Atrous rate. @default 1 */
  readonly rate?: number;
  /** @default "none" */
  readonly activation?: Activation;
  /** What the inputs are multiplied with and added to beforehand; folded into weights and bias. */
  readonly inputScale?: InputScale | undefined;
}

/** Numbers of a picture become `factor * x + summand`. */
export interface InputScale {
  readonly factor: number;
  readonly summand: number;
}

/** He et al. 2015: keeps the variance through a ReLU; a linear layer needs half of it. */
function deviationOf(fanIn: number, activation: Activation): number {
  return Math.sqrt((activation === "none" ? 1 : 2) / fanIn);
}

/** A picture has three; whatever has more is a feature map. */
const IMAGE_CHANNELS = 3;

/**
 * Writes the layers of a net into a graph, with seeded weights. The weights of every filter over all features are centred
 * to sum 0: activations of ReLU nets are positive, so an uncentred random filter mostly passes on their mean and the
 * deeper layers would answer the same everywhere.
 */
export class Layers {
  readonly graph = new GraphBuilder("");
  readonly #weights: SeededWeights;

  constructor(seed: number) {
    this.#weights = createSeededWeights(seed);
  }

  /** A convolution over all channels. */
  conv(input: Features, options: ConvOptions): Features {
    const { kernel, channels, activation = "none", inputScale } = options;
    const fanIn = input.channels * kernel * kernel;
    const weights = this.#weights.normal(channels * fanIn, deviationOf(fanIn, activation));
    if (input.channels > IMAGE_CHANNELS) centre(weights, fanIn);
    const bias = this.#weights.normal(channels, 0.1);
    if (inputScale !== undefined) fold(weights, bias, fanIn, inputScale);
    return this.#convolve(input, options, weights, bias, 1);
  }

  /** A convolution of each channel by itself. */
  depthwise(input: Features, options: Omit<ConvOptions, "channels" | "inputScale">): Features {
    const { kernel, activation = "none" } = options;
    const fanIn = kernel * kernel;
    const weights = this.#weights.normal(input.channels * fanIn, deviationOf(fanIn, activation));
    const bias = this.#weights.normal(input.channels, 0.1);
    return this.#convolve(input, { ...options, channels: input.channels }, weights, bias, input.channels);
  }

  #convolve(
    input: Features,
    { kernel, channels, stride = 1, rate = 1, activation = "none" }: ConvOptions,
    weights: Float32Array,
    bias: Float32Array,
    group: number,
  ): Features {
    const pad = ((kernel - 1) / 2) * rate;
    const dims = [channels, input.channels / group, kernel, kernel];
    const value = this.graph.op(
      "Conv",
      [input.value, this.graph.floats(weights, dims), this.graph.floats(bias)],
      {
        kernel_shape: [kernel, kernel],
        strides: [stride, stride],
        dilations: [rate, rate],
        pads: [pad, pad, pad, pad],
        group,
      },
    );
    return { value: this.#activate(value, activation), channels };
  }

  #activate(value: Value, activation: Activation): Value {
    switch (activation) {
      case "RE":
        return this.graph.op("Relu", [value]);
      case "HS":
        return this.graph.op("HardSwish", [value]);
      case "none":
        return value;
    }
  }

  /**
   * Squeeze-and-excite with a hard sigmoid (MobileNetV3, section 5.3): every channel is weighted by a gate computed from
   * the means of all; the bottleneck has a quarter of the channels, rounded to a multiple of 8.
   */
  squeezeExcite(input: Features): Features {
    const squeezed = this.conv(this.mean(input), {
      kernel: 1,
      channels: divisible(input.channels / 4),
      activation: "RE",
    });
    const gate = this.conv(squeezed, { kernel: 1, channels: input.channels });
    const hard = this.graph.op("HardSigmoid", [gate.value], {
      alpha: { float: 1 / 6 },
      beta: { float: 0.5 },
    });
    return { value: this.graph.op("Mul", [input.value, hard]), channels: input.channels };
  }

  /** Each channel's mean over the whole map: `[N, channels, 1, 1]`. */
  mean(input: Features): Features {
    return { value: this.graph.op("GlobalAveragePool", [input.value]), channels: input.channels };
  }

  /** The channels of several feature maps of equal sides, one map after the other. */
  concat(parts: readonly Features[]): Features {
    const value = this.graph.op(
      "Concat",
      parts.map((part) => part.value),
      { axis: 1 },
    );
    return { value, channels: parts.reduce((sum, part) => sum + part.channels, 0) };
  }

  /** The sum of two feature maps of equal shape. */
  add(a: Features, b: Features): Features {
    return { value: this.graph.op("Add", [a.value, b.value]), channels: a.channels };
  }

  /** Bilinear, half-pixel centres, to a size known when the graph is made. @param output - a name for the result. */
  resize(input: Features, heightPx: number, widthPx: number, output?: Value): Features {
    const { graph } = this;
    const sizes = graph.ints([1, input.channels, heightPx, widthPx]);
    const attributes = { mode: "linear", coordinate_transformation_mode: "half_pixel" };
    const value = graph.op("Resize", [input.value, "", "", sizes], attributes, output);
    return { value, channels: input.channels };
  }
}

/** The nearest multiple of 8 that is not below 90 % of a number of channels; at least 8. */
export function divisible(channels: number): number {
  const rounded = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return rounded < 0.9 * channels ? rounded + 8 : rounded;
}

function centre(weights: Float32Array, fanIn: number): void {
  for (let start = 0; start < weights.length; start += fanIn) {
    const filter = weights.subarray(start, start + fanIn);
    const mean = filter.reduce((sum, weight) => sum + weight, 0) / fanIn;
    for (let index = 0; index < fanIn; index += 1) filter[index]! -= mean;
  }
}

/** w · (factor · x + summand) + b = (factor · w) · x + (b + summand · Σw). */
function fold(
  weights: Float32Array,
  bias: Float32Array,
  fanIn: number,
  { factor, summand }: InputScale,
): void {
  for (let filter = 0; filter < bias.length; filter += 1) {
    const own = weights.subarray(filter * fanIn, (filter + 1) * fanIn);
    bias[filter]! += summand * own.reduce((sum, weight) => sum + weight, 0);
    for (let index = 0; index < fanIn; index += 1) own[index]! *= factor;
  }
}
