import { channelsOf, isBayer, type PixelEncoding } from "../../core/frame.ts";
import type { ImageInput } from "../fit-recipe.ts";
import { elementTypeOf } from "../onnx/data-type.ts";
import type { Dimension, GraphBuilder, Value } from "../onnx/graph-builder.ts";
import type { Recipe } from "../recipe.ts";
import { addDemosaic } from "./demosaic-graph.ts";

/** The sides of the pictures that a graph is made for. */
export interface FrameSize {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** The name of a generated graph's picture input. */
export const IMAGE = "image";

/** Builds what stands between a picture and a model. */
export interface PreprocessOptions {
  readonly recipe: Recipe;
  readonly content: PixelEncoding;
  readonly input: ImageInput;
  /** Known sides save the work that they make unnecessary; absent: any size goes in. */
  readonly frame?: FrameSize | undefined;
  /** The name of the value that the model reads. */
  readonly output: string;
}

const TO_PLANAR = { perm: [0, 3, 1, 2] } as const;
const TO_INTERLEAVED = { perm: [0, 2, 3, 1] } as const;

/** Adds the `image` input and everything up to the model's input. */
export function addPreprocess(graph: GraphBuilder, options: PreprocessOptions): void {
  const { recipe, content, input, frame, output } = options;
  const batch: Dimension = input.freeBatch ? "batch" : 1;
  const sides: readonly Dimension[] = frame
    ? [frame.heightPx, frame.widthPx]
    : ["image_height", "image_width"];
  const image = graph.input(IMAGE, "UINT8", [batch, ...sides, channelsOf(content)]);
  const resized = input.size !== undefined && !(frame && isSame(frame, input.size));
  const swapped = !isMono(content) && (recipe.colour === "bgr") !== (content === "bgr8");
  const bytes = input.datatype === "UINT8" && factorsOf(recipe) === undefined;

  // Bytes that need no arithmetic are never made floats: a copy at most.
  if (bytes && !resized && !swapped && channelsOf(content) === 3) {
    if (recipe.layout === "nhwc") graph.op("Identity", [image], {}, output);
    else graph.op("Transpose", [image], TO_PLANAR, output);
    return;
  }
  let planes: Value;
  if (isBayer(content)) planes = addDemosaic(graph, image, content, frame);
  else planes = graph.op("Cast", [graph.op("Transpose", [image], TO_PLANAR)], { to: 1 });
  if (resized) planes = addResize(graph, planes, input);
  if (isMono(content)) planes = graph.op("Concat", [planes, planes, planes], { axis: 1 });
  if (swapped) planes = graph.op("Gather", [planes, graph.ints([2, 1, 0])], { axis: 1 });
  const numbers = addScale(graph, planes, recipe);
  const typed = addCast(graph, numbers, input, resized || numbers !== planes);
  if (recipe.layout === "nhwc") graph.op("Transpose", [typed], TO_INTERLEAVED, output);
  else graph.op("Identity", [typed], {}, output);
}

function isMono(content: PixelEncoding): boolean {
  return content === "mono8";
}

function isSame(a: FrameSize, b: FrameSize): boolean {
  return a.widthPx === b.widthPx && a.heightPx === b.heightPx;
}

/** Bilinear with half-pixel centres, no antialiasing: what ONNX's Resize does by default in every opset from 11 on. */
function addResize(graph: GraphBuilder, planes: Value, input: ImageInput): Value {
  const { widthPx, heightPx } = input.size!;
  const front = graph.op("Slice", [graph.op("Shape", [planes]), graph.ints([0]), graph.ints([2])]);
  const sizes = graph.op("Concat", [front, graph.ints([heightPx, widthPx])], { axis: 0 });
  // Opset 11 and 12 insist on the inputs roi and scales; empty ones say that `sizes` counts, in every opset.
  const empty = graph.floats([]);
  return graph.op("Resize", [planes, empty, empty, sizes], {
    mode: "linear",
    coordinate_transformation_mode: "half_pixel",
  });
}

/** Factor and summand per channel of `(x * scale - mean) / std`; undefined when they change nothing. */
function factorsOf(recipe: Recipe): { readonly factors: number[]; readonly summands: number[] } | undefined {
  const channel = (list: readonly number[], index: number): number => list[list.length === 1 ? 0 : index]!;
  const factors = [0, 1, 2].map((index) => recipe.scale / channel(recipe.std, index));
  const summands = [0, 1, 2].map((index) => -channel(recipe.mean, index) / channel(recipe.std, index));
  const neutral = factors.every((value) => value === 1) && summands.every((value) => value === 0);
  return neutral ? undefined : { factors, summands };
}

function addScale(graph: GraphBuilder, planes: Value, recipe: Recipe): Value {
  const numbers = factorsOf(recipe);
  if (numbers === undefined) return planes;
  const scaled = graph.op("Mul", [planes, graph.floats(numbers.factors, [1, 3, 1, 1])]);
  if (numbers.summands.every((value) => value === 0)) return scaled;
  return graph.op("Add", [scaled, graph.floats(numbers.summands, [1, 3, 1, 1])]);
}

/** Into the model's datatype; fractions are rounded half up, and kept in the range of an integer one. */
function addCast(graph: GraphBuilder, numbers: Value, input: ImageInput, fractional: boolean): Value {
  if (input.datatype === "FP32") return numbers;
  const to = elementTypeOf(input.datatype);
  if (input.datatype === "FP16" || (input.datatype === "UINT8" && !fractional))
    return graph.op("Cast", [numbers], { to });
  const rounded = graph.op("Floor", [graph.op("Add", [numbers, graph.floats([0.5])])]);
  const [low, high] = input.datatype === "INT8" ? [-128, 127] : [0, 255];
  const clipped = graph.op("Min", [graph.op("Max", [rounded, graph.floats([low!])]), graph.floats([high!])]);
  return graph.op("Cast", [clipped], { to });
}
