import type { Signature } from "../onnx/signature.ts";
import type { Recipe } from "../recipe.ts";
import { MOBILENET_V3_SMALL } from "./mobilenet-v3.ts";
import { buildLiteSegmentation } from "./segmentation.ts";
import { STREET_LABELS } from "./street-labels.ts";

/** A model that the project can generate. Its numbers do not depend on the seed; a test compares them with the graph. */
export interface ZooModel {
  readonly name: string;
  /** One line: what it is. */
  readonly summary: string;
  readonly signature: Signature;
  readonly recipe: Recipe;
  readonly labels?: readonly string[] | undefined;
  readonly parameters: number;
  /** Multiply-accumulates of one run. */
  readonly macs: number;
  /** Of our ONNX file, float32 weights. */
  readonly bytes: number;
  /** Of the model that it stands for, as published. */
  readonly publishedBytes: number;
  /** Writes the ONNX file; the same seed gives the same bytes. */
  readonly build: (seed: number) => Uint8Array;
}

const M1_SIZE = { widthPx: 968, heightPx: 608 } as const;

/** Every model that can be generated; another architecture is another entry with its builder. */
export const ZOO: readonly ZooModel[] = [
  {
    name: "m1-small",
    summary: "MobileNetV3-Small, output stride 8, Lite R-ASPP head, 20 classes",
    signature: {
      inputs: [{ name: "input", datatype: "UINT8", shape: [1, M1_SIZE.heightPx, M1_SIZE.widthPx, 3] }],
      outputs: [{ name: "ids", datatype: "UINT8", shape: [1, M1_SIZE.heightPx, M1_SIZE.widthPx] }],
    },
    recipe: {
      size: M1_SIZE,
      colour: "rgb",
      layout: "nhwc",
      scale: 1,
      mean: [0],
      std: [1],
      answer: "mask",
    },
    labels: STREET_LABELS,
    parameters: 1_071_584,
    macs: 4_984_912_736,
    bytes: 4_302_790,
    publishedBytes: 4_600_000,
    build: (seed) =>
      buildLiteSegmentation({
        name: "m1-small",
        table: MOBILENET_V3_SMALL,
        ...M1_SIZE,
        classes: STREET_LABELS.length,
        seed,
      }),
  },
];

/** The zoo's model of a name. */
export function zooModel(name: string): ZooModel | undefined {
  return ZOO.find((model) => model.name === name);
}
