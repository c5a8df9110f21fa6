import type { Signature } from "../onnx/signature.ts";
import type { Recipe } from "../recipe.ts";
import { buildClassifier } from "./classification.ts";
import { MOBILENET_V3_LARGE, MOBILENET_V3_SMALL, type MobileNetV3Table } from "./mobilenet-v3.ts";
import { buildDeepLab, buildLiteSegmentation, type DeepLabOptions } from "./segmentation.ts";
import { STREET_LABELS } from "./street-labels.ts";

/** What does not depend on the seed, counted from the graph; a test compares them. */
interface ZooNumbers {
  readonly parameters: number;
  /** Multiply-accumulates of one run on one picture. */
  readonly macs: number;
  /** Of our ONNX file, float32 weights. */
  readonly bytes: number;
  /** Of the model that it stands for, as published (classifiers: torchvision's weight files, 9.8 and 21.1 MiB). */
  readonly publishedBytes: number;
}

/** A model that the project can generate. */
export interface ZooModel extends ZooNumbers {
  readonly name: string;
  /** One line: what it is. */
  readonly summary: string;
  readonly signature: Signature;
  readonly recipe: Recipe;
  readonly labels?: readonly string[] | undefined;
  /** Writes the ONNX file; the same seed gives the same bytes. */
  readonly build: (seed: number) => Uint8Array;
}

const M1_SIZE = { widthPx: 968, heightPx: 608 } as const;
const M2_SIZE = { widthPx: 2048, heightPx: 1024 } as const;
const IMAGENET_SIZE = { widthPx: 224, heightPx: 224 } as const;
const IMAGENET_CLASSES = 1000;

/** A net for street scenes with a Lite R-ASPP head: bytes in, ids out. */
function lite(name: string, backbone: string, table: MobileNetV3Table, numbers: ZooNumbers): ZooModel {
  const { widthPx, heightPx } = M1_SIZE;
  const classes = STREET_LABELS.length;
  return {
    name,
    summary: `${backbone}, output stride 8, Lite R-ASPP head, ${classes} classes`,
    signature: {
      inputs: [{ name: "input", datatype: "UINT8", shape: [1, heightPx, widthPx, 3] }],
      outputs: [{ name: "ids", datatype: "UINT8", shape: [1, heightPx, widthPx] }],
    },
    recipe: { size: M1_SIZE, colour: "rgb", layout: "nhwc", scale: 1, mean: [0], std: [1], answer: "mask" },
    labels: STREET_LABELS,
    ...numbers,
    build: (seed) => buildLiteSegmentation({ name, table, ...M1_SIZE, classes, seed }),
  };
}

/** A DeepLabv3+ for street scenes: numbers from 0 to 1 in, ids or logits out. */
function deepLab(
  name: string,
  { filters, answer }: Pick<DeepLabOptions, "filters" | "answer">,
  numbers: ZooNumbers,
): ZooModel {
  const { widthPx, heightPx } = M2_SIZE;
  const classes = STREET_LABELS.length;
  const table = MOBILENET_V3_LARGE;
  return {
    name,
    summary: `DeepLabv3+ on MobileNetV3-Large, output stride 8, ${filters} wide, ${classes} classes, ${answer} out`,
    signature: {
      inputs: [{ name: "input", datatype: "FP32", shape: [1, heightPx, widthPx, 3] }],
      outputs: [
        answer === "ids"
          ? { name: answer, datatype: "UINT8", shape: [1, heightPx, widthPx] }
          : { name: answer, datatype: "FP32", shape: [1, classes, heightPx, widthPx] },
      ],
    },
    recipe: {
      size: M2_SIZE,
      colour: "rgb",
      layout: "nhwc",
      scale: 1 / 255,
      mean: [0],
      std: [1],
      answer: answer === "ids" ? "mask" : "argmax",
    },
    labels: STREET_LABELS,
    ...numbers,
    build: (seed) => buildDeepLab({ name, table, ...M2_SIZE, classes, filters, answer, seed }),
  };
}

/** A classifier of ImageNet's size; pictures as torchvision's weights want them. */
function classifier(name: string, backbone: string, table: MobileNetV3Table, numbers: ZooNumbers): ZooModel {
  const { widthPx, heightPx } = IMAGENET_SIZE;
  const classes = IMAGENET_CLASSES;
  return {
    name,
    summary: `${backbone}, ${classes} classes, the batch is free`,
    signature: {
      inputs: [{ name: "input", datatype: "FP32", shape: [-1, 3, heightPx, widthPx] }],
      outputs: [{ name: "logits", datatype: "FP32", shape: [-1, classes] }],
    },
    recipe: {
      size: IMAGENET_SIZE,
      colour: "rgb",
      layout: "nchw",
      scale: 1 / 255,
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
      answer: "top-k",
      softmax: true,
    },
    ...numbers,
    build: (seed) => buildClassifier({ name, table, ...IMAGENET_SIZE, classes, seed }),
  };
}

/** Every model that can be generated; another architecture is another entry with its builder. */
export const ZOO: readonly ZooModel[] = [
  lite("m1-small", "MobileNetV3-Small", MOBILENET_V3_SMALL, {
    parameters: 1_071_584,
    macs: 4_984_912_736,
    bytes: 4_302_790,
    publishedBytes: 4_600_000,
  }),
  lite("m1-large", "MobileNetV3-Large", MOBILENET_V3_LARGE, {
    parameters: 3_208_848,
    macs: 14_847_629_824,
    bytes: 12_854_128,
    publishedBytes: 8_600_000,
  }),
  deepLab(
    "m2",
    { filters: 256, answer: "ids" },
    { parameters: 11_713_100, macs: 454_885_556_096, bytes: 46_872_584, publishedBytes: 49_700_000 },
  ),
  deepLab(
    "m2-logits",
    { filters: 256, answer: "logits" },
    { parameters: 11_713_100, macs: 454_885_556_096, bytes: 46_872_475, publishedBytes: 49_700_000 },
  ),
  deepLab(
    "m3",
    { filters: 128, answer: "ids" },
    { parameters: 6_960_204, macs: 210_542_059_392, bytes: 27_860_994, publishedBytes: 29_400_000 },
  ),
  classifier("mobilenetv3-small", "MobileNetV3-Small", MOBILENET_V3_SMALL, {
    parameters: 2_536_800,
    macs: 56_510_400,
    bytes: 10_162_407,
    publishedBytes: 10_300_000,
  }),
  classifier("mobilenetv3-large", "MobileNetV3-Large", MOBILENET_V3_LARGE, {
    parameters: 5_470_832,
    macs: 216_589_760,
    bytes: 21_900_818,
    publishedBytes: 22_100_000,
  }),
];

/** The zoo's model of a name. */
export function zooModel(name: string): ZooModel | undefined {
  return ZOO.find((model) => model.name === name);
}
