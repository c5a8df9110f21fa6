import { createModel, type Value } from "../onnx/graph-builder.ts";
import { writeModel } from "../onnx/model-file.ts";
import { deepLabV3Plus } from "./deeplab-v3-plus.ts";
import { type Features, Layers } from "./layers.ts";
import { type HeadSize, liteRAspp } from "./lr-aspp.ts";
import { type MobileNetV3Table, mobileNetV3 } from "./mobilenet-v3.ts";
import { OPSET } from "./opset.ts";

/** What makes a segmentation net on a MobileNetV3. */
export interface SegmentationOptions {
  readonly name: string;
  readonly table: MobileNetV3Table;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly classes: number;
  readonly seed: number;
}

/** What makes a DeepLabv3+. */
export interface DeepLabOptions extends SegmentationOptions {
  /** Channels of the pyramid and of the decoder. */
  readonly filters: number;
  /** `ids`: the best class of each pixel; `logits`: the score of every class. */
  readonly answer: "ids" | "logits";
}

/** All segmentation nets have it. */
const OUTPUT_STRIDE = 8;

/**
 * MobileNetV3 at output stride 8 with a Lite R-ASPP head: input `input` uint8 NHWC `[1, H, W, 3]` RGB, output `ids` uint8
 * `[1, H, W]`. Logits are upsampled (bilinear) to the picture's size before the best class is taken.
 *
 * @returns the ONNX file.
 */
export function buildLiteSegmentation(options: SegmentationOptions): Uint8Array {
  const { table, widthPx, heightPx, classes } = options;
  const layers = new Layers(options.seed);
  const { graph } = layers;
  const input = graph.input("input", "UINT8", [1, heightPx, widthPx, 3]);
  // Bytes are turned into planes before they become floats: a quarter of the memory moves.
  const planes = graph.op("Cast", [toPlanes(layers, input)], { to: 1 });
  const backbone = mobileNetV3(
    layers,
    { value: planes, channels: 3 },
    { table, outputStride: OUTPUT_STRIDE, inputScale: { factor: 1 / 127.5, summand: -1 } },
  );
  answerIds(layers, liteRAspp(layers, backbone, classes, headSize(options)), options);
  return writeModel(createModel(graph.graph(options.name), OPSET));
}

/**
 * MobileNetV3 at output stride 8 with the head of DeepLabv3+: input `input` FP32 NHWC `[1, H, W, 3]` RGB in 0..1, output
 * `ids` uint8 `[1, H, W]`, or `logits` FP32 `[1, classes, H, W]`; both upsampled (bilinear) to the picture's size. The
 * same seed gives both the same weights.
 *
 * @returns the ONNX file.
 */
export function buildDeepLab(options: DeepLabOptions): Uint8Array {
  const { table, widthPx, heightPx, classes, filters } = options;
  const layers = new Layers(options.seed);
  const { graph } = layers;
  const input = graph.input("input", "FP32", [1, heightPx, widthPx, 3]);
  const backbone = mobileNetV3(
    layers,
    { value: toPlanes(layers, input), channels: 3 },
    { table, outputStride: OUTPUT_STRIDE, inputScale: { factor: 2, summand: -1 } },
  );
  const logits = deepLabV3Plus(layers, backbone, { classes, filters }, headSize(options));
  if (options.answer === "ids") answerIds(layers, logits, options);
  else answerLogits(layers, logits, options);
  return writeModel(createModel(graph.graph(options.name), OPSET));
}

function toPlanes({ graph }: Layers, interleaved: Value): Value {
  return graph.op("Transpose", [interleaved], { perm: [0, 3, 1, 2] });
}

function headSize({ widthPx, heightPx }: SegmentationOptions): HeadSize {
  const at = (stride: number) => ({
    heightPx: Math.ceil(heightPx / stride),
    widthPx: Math.ceil(widthPx / stride),
  });
  return { high: at(OUTPUT_STRIDE), low: at(4) };
}

function answerIds(layers: Layers, logits: Features, { widthPx, heightPx }: SegmentationOptions): void {
  const { graph } = layers;
  const full = layers.resize(logits, heightPx, widthPx);
  const ids = graph.op("ArgMax", [full.value], { axis: 1, keepdims: 0 });
  graph.op("Cast", [ids], { to: 2 }, "ids");
  graph.output("ids", "UINT8", [1, heightPx, widthPx]);
}

function answerLogits(layers: Layers, logits: Features, { widthPx, heightPx }: SegmentationOptions): void {
  layers.resize(logits, heightPx, widthPx, "logits");
  layers.graph.output("logits", "FP32", [1, logits.channels, heightPx, widthPx]);
}
