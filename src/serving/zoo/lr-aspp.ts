import type { Features, Layers } from "./layers.ts";
import type { Backbone } from "./mobilenet-v3.ts";

/** The sizes that a head must know when its graph is made. */
export interface HeadSize {
  /** Sides of the high features. */
  readonly high: { readonly heightPx: number; readonly widthPx: number };
  /** Sides of the low features: those of the logits. */
  readonly low: { readonly heightPx: number; readonly widthPx: number };
}

/**
 * The Lite R-ASPP segmentation head: 128 filters, a gate from large means (49x49, strides 16 and 20), a skip connection
 * from finer features. The classifier comes before the upsampling here: both are linear and the order does not change the
 * result, but there are fewer channels to upsample.
 *
 * @see Howard et al. 2019, section 6.4 and figure 10
 * @returns logits `[N, classes, h, w]` at the low features' size.
 */
export function liteRAspp(
  layers: Layers,
  { high, low }: Backbone,
  classes: number,
  size: HeadSize,
): Features {
  const { graph } = layers;
  const filtered = layers.conv(high, { kernel: 1, channels: 128, activation: "RE" });
  const means = graph.op("AveragePool", [high.value], { kernel_shape: [49, 49], strides: [16, 20] });
  const gate = layers.conv({ value: means, channels: high.channels }, { kernel: 1, channels: 128 });
  const opened = { value: graph.op("Sigmoid", [gate.value]), channels: 128 };
  const resized = layers.resize(opened, size.high.heightPx, size.high.widthPx);
  const gated = { value: graph.op("Mul", [filtered.value, resized.value]), channels: 128 };
  const coarse = layers.conv(gated, { kernel: 1, channels: classes });
  const upsampled = layers.resize(coarse, size.low.heightPx, size.low.widthPx);
  return layers.add(upsampled, layers.conv(low, { kernel: 1, channels: classes }));
}
