import type { Activation, Features, InputScale, Layers } from "./layers.ts";

/** One row of the paper's tables: `bneck, kernel`, exp size, #out, SE, NL, s. */
type Bneck = readonly [kernel: number, exp: number, out: number, se: boolean, nl: Activation, stride: number];

/** The layers of a MobileNetV3 between its first convolution (3x3, 16, HS, stride 2) and its last (1x1, HS). */
export interface MobileNetV3Table {
  readonly bnecks: readonly Bneck[];
  /** Channels of the last 1x1 convolution. */
  readonly last: number;
  /** Channels of the layer between the pooled features and the classes. */
  readonly head: number;
}

const SE = true;
const noSE = false;

/** MobileNetV3-Small. @see Howard et al. 2019, "Searching for MobileNetV3", table 2, https://arxiv.org/abs/1905.02244 */
export const MOBILENET_V3_SMALL: MobileNetV3Table = {
  bnecks: [
    [3, 16, 16, SE, "RE", 2],
    [3, 72, 24, noSE, "RE", 2],
    [3, 88, 24, noSE, "RE", 1],
    [5, 96, 40, SE, "HS", 2],
    [5, 240, 40, SE, "HS", 1],
    [5, 240, 40, SE, "HS", 1],
    [5, 120, 48, SE, "HS", 1],
    [5, 144, 48, SE, "HS", 1],
    [5, 288, 96, SE, "HS", 2],
    [5, 576, 96, SE, "HS", 1],
    [5, 576, 96, SE, "HS", 1],
  ],
  last: 576,
  head: 1024,
};

/** MobileNetV3-Large. @see Howard et al. 2019, table 1 */
export const MOBILENET_V3_LARGE: MobileNetV3Table = {
  bnecks: [
    [3, 16, 16, noSE, "RE", 1],
    [3, 64, 24, noSE, "RE", 2],
    [3, 72, 24, noSE, "RE", 1],
    [5, 72, 40, SE, "RE", 2],
    [5, 120, 40, SE, "RE", 1],
    [5, 120, 40, SE, "RE", 1],
    [3, 240, 80, noSE, "HS", 2],
    [3, 200, 80, noSE, "HS", 1],
    [3, 184, 80, noSE, "HS", 1],
    [3, 184, 80, noSE, "HS", 1],
    [3, 480, 112, SE, "HS", 1],
    [3, 672, 112, SE, "HS", 1],
    [5, 672, 160, SE, "HS", 2],
    [5, 960, 160, SE, "HS", 1],
    [5, 960, 160, SE, "HS", 1],
  ],
  last: 960,
  head: 1280,
};

/** What a segmentation head takes from the backbone. */
export interface Backbone {
  /** The last features, at the output stride. */
  readonly high: Features;
  /** The last features at a quarter of the picture's sides. */
  readonly low: Features;
}

/** Inverted residual with linear bottleneck: expand, depthwise, squeeze-excite, project (figure 4 of the paper). */
function bneck(layers: Layers, input: Features, row: Bneck, stride: number, rate: number): Features {
  const [kernel, exp, out, se, activation] = row;
  const expanded =
    exp === input.channels ? input : layers.conv(input, { kernel: 1, channels: exp, activation });
  const filtered = layers.depthwise(expanded, { kernel, stride, rate, activation });
  const weighted = se ? layers.squeezeExcite(filtered) : filtered;
  const projected = layers.conv(weighted, { kernel: 1, channels: out });
  return stride === 1 && out === input.channels ? layers.add(input, projected) : projected;
}

/** How a table becomes a backbone. */
export interface BackboneOptions {
  readonly table: MobileNetV3Table;
  /** By how much the last features are smaller than the picture; 32 is the classifier's. */
  readonly outputStride: 8 | 16 | 32;
  /** Brings the picture's numbers to -1..1; absent: they come normalised. */
  readonly inputScale?: InputScale | undefined;
}

/**
 * The backbone of a MobileNetV3 at an output stride: once it is reached, layers that would halve the size keep it, and
 * the layers after them look further instead (atrous convolution; DeepLabv3, section 3.1).
 *
 * @param image - `[N, 3, H, W]`.
 */
export function mobileNetV3(layers: Layers, image: Features, options: BackboneOptions): Backbone {
  const { table, outputStride, inputScale } = options;
  let features = layers.conv(image, { kernel: 3, channels: 16, stride: 2, activation: "HS", inputScale });
  let reached = 2;
  let rate = 1;
  let low = features;
  for (const row of table.bnecks) {
    const wanted = row[5];
    const atrous = wanted > 1 && reached * wanted > outputStride;
    const stride = atrous ? 1 : wanted;
    features = bneck(layers, features, row, stride, rate);
    reached *= stride;
    if (atrous) rate *= wanted;
    if (reached === 4) low = features;
  }
  const high = layers.conv(features, { kernel: 1, channels: table.last, activation: "HS" });
  return { high, low };
}
