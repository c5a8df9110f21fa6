import type { Features, Layers } from "./layers.ts";
import type { HeadSize } from "./lr-aspp.ts";
import type { Backbone } from "./mobilenet-v3.ts";

/** Atrous rates of the 3x3 filters at output stride 8: twice those of output stride 16. @see Chen et al. 2017, section 4.2 */
const RATES_AT_STRIDE_8 = [12, 24, 36] as const;

/** Channels that the low features are reduced to, so that they do not outweigh the rich ones. @see Chen et al. 2018, table 1 */
const LOW_CHANNELS = 48;

/**
 * Atrous spatial pyramid pooling: the same features seen by a 1x1 filter, by 3x3 filters at three rates and as their mean
 * over the whole picture, side by side, then mixed. The 3x3 filters are plain convolutions, as the encoder of the paper has
 * them without its separable option.
 *
 * @see Chen et al. 2017, "Rethinking Atrous Convolution for Semantic Image Segmentation", section 3.3, https://arxiv.org/abs/1706.05587
 * @param size - sides of the features.
 */
function aspp(layers: Layers, features: Features, filters: number, size: HeadSize["high"]): Features {
  const branches = [
    layers.conv(features, { kernel: 1, channels: filters, activation: "RE" }),
    ...RATES_AT_STRIDE_8.map((rate) =>
      layers.conv(features, { kernel: 3, channels: filters, rate, activation: "RE" }),
    ),
    imagePooling(layers, features, filters, size),
  ];
  return layers.conv(layers.concat(branches), { kernel: 1, channels: filters, activation: "RE" });
}

/** The mean of the whole picture, at every place: bilinear upsampling of one value is that value. */
function imagePooling(layers: Layers, features: Features, filters: number, size: HeadSize["high"]): Features {
  const pooled = layers.conv(layers.mean(features), { kernel: 1, channels: filters, activation: "RE" });
  const shape = layers.graph.ints([1, filters, size.heightPx, size.widthPx]);
  return { value: layers.graph.op("Expand", [pooled.value, shape]), channels: filters };
}

/**
 * The head of DeepLabv3+: atrous spatial pyramid pooling at output stride 8, then the decoder, which puts the low features
 * (48 channels of them) beside the upsampled rich ones and refines both with two 3x3 filters.
 *
 * @see Chen et al. 2018, "Encoder-Decoder with Atrous Separable Convolution for Semantic Image Segmentation", section 3.1
 * and figure 2, https://arxiv.org/abs/1802.02611
 * @param filters - channels of the pyramid and of the decoder; the paper has 256.
 * @returns logits `[N, classes, h, w]` at the low features' size.
 */
export function deepLabV3Plus(
  layers: Layers,
  { high, low }: Backbone,
  { classes, filters }: { readonly classes: number; readonly filters: number },
  size: HeadSize,
): Features {
  const rich = aspp(layers, high, filters, size.high);
  const reduced = layers.conv(low, { kernel: 1, channels: LOW_CHANNELS, activation: "RE" });
  const upsampled = layers.resize(rich, size.low.heightPx, size.low.widthPx);
  const joined = layers.concat([upsampled, reduced]);
  const refined = layers.conv(joined, { kernel: 3, channels: filters, activation: "RE" });
  const twice = layers.conv(refined, { kernel: 3, channels: filters, activation: "RE" });
  return layers.conv(twice, { kernel: 1, channels: classes });
}
