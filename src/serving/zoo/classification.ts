import { createModel } from "../onnx/graph-builder.ts";
import { writeModel } from "../onnx/model-file.ts";
import { Layers } from "./layers.ts";
import { type MobileNetV3Table, mobileNetV3 } from "./mobilenet-v3.ts";
import { OPSET } from "./opset.ts";

/** What makes a classifier. */
export interface ClassificationOptions {
  readonly name: string;
  readonly table: MobileNetV3Table;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly classes: number;
  readonly seed: number;
}

/**
 * MobileNetV3 as a classifier (the last rows of the paper's tables: pool, 1x1 and HS, 1x1, both without batch
 * normalisation): input `input` FP32 NCHW `[N, 3, H, W]`, normalised RGB; output `logits` FP32 `[N, classes]`. The batch
 * is free.
 *
 * @returns the ONNX file.
 */
export function buildClassifier(options: ClassificationOptions): Uint8Array {
  const { name, table, widthPx, heightPx, classes } = options;
  const layers = new Layers(options.seed);
  const { graph } = layers;
  const value = graph.input("input", "FP32", ["batch", 3, heightPx, widthPx]);
  const { high } = mobileNetV3(layers, { value, channels: 3 }, { table, outputStride: 32 });
  const head = layers.conv(layers.mean(high), { kernel: 1, channels: table.head, activation: "HS" });
  const scores = layers.conv(head, { kernel: 1, channels: classes });
  graph.op("Flatten", [scores.value], { axis: 1 }, "logits");
  graph.output("logits", "FP32", ["batch", classes]);
  return writeModel(createModel(graph.graph(name), OPSET));
}
