import { createModel } from "../onnx/graph-builder.ts";
import { writeModel } from "../onnx/model-file.ts";
import { Layers } from "./layers.ts";
import { liteRAspp } from "./lr-aspp.ts";
import { type MobileNetV3Table, mobileNetV3 } from "./mobilenet-v3.ts";

/** The operator set of generated nets: the first with HardSwish is 14. */
const OPSET = 17;

/** What makes a segmentation net with a Lite R-ASPP head. */
export interface LiteSegmentationOptions {
  readonly name: string;
  readonly table: MobileNetV3Table;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly classes: number;
  readonly seed: number;
}

/**
 * MobileNetV3 at output stride 8 with a Lite R-ASPP head: input `input` uint8 NHWC `[1, H, W, 3]` RGB, output `ids` uint8
 * `[1, H, W]`. Logits are upsampled (bilinear) to the picture's size before the best class is taken.
 *
 * @returns the ONNX file.
 */
export function buildLiteSegmentation(options: LiteSegmentationOptions): Uint8Array {
  const { name, table, widthPx, heightPx, classes, seed } = options;
  const layers = new Layers(seed);
  const { graph } = layers;
  const input = graph.input("input", "UINT8", [1, heightPx, widthPx, 3]);
  // Bytes are turned into planes before they become floats: a quarter of the memory moves.
  const planes = graph.op("Cast", [graph.op("Transpose", [input], { perm: [0, 3, 1, 2] })], { to: 1 });
  const backbone = mobileNetV3(layers, { value: planes, channels: 3 }, table, 8);
  const at = (stride: number) => ({
    heightPx: Math.ceil(heightPx / stride),
    widthPx: Math.ceil(widthPx / stride),
  });
  const logits = liteRAspp(layers, backbone, classes, { high: at(8), low: at(4) });
  const full = layers.resize(logits, heightPx, widthPx);
  const ids = graph.op("ArgMax", [full.value], { axis: 1, keepdims: 0 });
  graph.op("Cast", [ids], { to: 2 }, "ids");
  graph.output("ids", "UINT8", [1, heightPx, widthPx]);
  return writeModel(createModel(graph.graph(name), OPSET));
}
