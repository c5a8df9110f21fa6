import type { Placement } from "../../core/cell.ts";
import { messageOf } from "../../core/errors.ts";
import type { Frame, Pixels } from "../../core/frame.ts";
import type { ModelMetadata, TensorMetadata } from "../../core/metadata.ts";
import type { Encoding } from "../../core/transport.ts";
import { answerOutput, imageInput } from "../../serving/fit-recipe.ts";
import type { Recipe } from "../../serving/recipe.ts";
import { rawTensor } from "../raw-tensor.ts";
import { describeTensor } from "./tensor-shape.ts";

/** How a cell's frames become the inputs of a model that knows nothing of wirebench. Plain data. */
export type ForeignForm =
  /** Seeded contents of these shapes; frames only count. */
  | { readonly kind: "seeded"; readonly inputs: readonly TensorMetadata[] }
  /** The frame's bytes as the model's one input. */
  | { readonly kind: "untouched" }
  /** The frame's pixels as RGB, uint8, are the model's one input; its outputs are the answer. */
  | { readonly kind: "picture" }
  /** JPEG or PNG, one BYTES element. */
  | { readonly kind: "compressed" }
  /** Pre- and post-processing by the recipe, on the client. */
  | { readonly kind: "recipe"; readonly recipe: Recipe };

/** Why frames cannot become a model's inputs in this way. */
export interface Misfit {
  readonly kind: "misfit";
  readonly why: string;
}

type FrameKind = Omit<Pixels, "data">;

export interface ForeignFormOptions {
  readonly metadata: ModelMetadata;
  /** `undefined`: none was given. */
  readonly recipe: Recipe | "raw" | undefined;
  /** The model's inputs, every dimension a number; absent where frames of the input travel. */
  readonly seeded?: readonly TensorMetadata[] | undefined;
  readonly kinds: readonly FrameKind[];
  readonly encoding: Encoding;
  readonly placement: Placement;
}

/** Chooses the form of a cell. */
export function foreignForm(options: ForeignFormOptions): ForeignForm | Misfit {
  const { metadata, recipe, seeded, kinds, encoding, placement } = options;
  const { name, inputs, platform } = metadata;
  const [input] = inputs;
  if (encoding === "json") {
    const half = (seeded ?? inputs).find(({ datatype }) => datatype === "FP16" || datatype === "BF16");
    if (half !== undefined) {
      return misfit(`the input ${describeTensor(half)} cannot travel as JSON`);
    }
  }
  if (seeded !== undefined) {
    if (placement === "client") return misfit(needsRecipe(name));
    if (encoding !== "binary" && encoding !== "json") return misfit("seeded tensors are no pictures");
    return { kind: "seeded", inputs: seeded };
  }
  if (input === undefined || inputs.length > 1) {
    return misfit(`model '${name}' has ${inputs.length} inputs, and frames fit one: use --input synthetic`);
  }
  if (encoding === "jpeg" || encoding === "png") {
    // OpenVINO Model Server decodes pictures for any model, whatever its metadata say.
    if (input.datatype === "BYTES" || platform === "OpenVINO") {
      return placement === "server"
        ? { kind: "compressed" }
        : misfit("with client-side work tensors travel, not images");
    }
    return misfit(`model '${name}' at the server takes ${describeTensor(input)}, no ${encoding}`);
  }
  if (encoding === "bayer") return untouched(input, kinds);
  if (placement === "client") {
    if (recipe === undefined || recipe === "raw") return misfit(needsRecipe(name));
    return withRecipe(recipe, metadata);
  }
  if (recipe === "raw") return untouched(input, kinds);
  if (recipe === undefined) {
    return takesPicture(input, kinds) ? { kind: "picture" } : untouched(input, kinds);
  }
  return takesPicture(input, kinds) && isPlain(recipe, kinds)
    ? { kind: "picture" }
    : misfit(
        `model '${name}' takes ${describeTensor(input)}, which the client has to make of a picture (--placement client)`,
      );
}

/** Whether a model's input is the picture itself: uint8, `[1, H, W, 3]`. */
export function isPictureInput(input: TensorMetadata | undefined): input is TensorMetadata {
  if (input === undefined) return false;
  const { datatype, shape } = input;
  return datatype === "UINT8" && shape.length === 4 && shape[3] === 3 && (shape[0] ?? 0) <= 1;
}

/** Whether a model takes any number of bytes: `UINT8 [-1]`. */
export function isFlat(inputs: readonly TensorMetadata[]): boolean {
  const [input] = inputs;
  return (
    inputs.length === 1 && input?.datatype === "UINT8" && input.shape.length === 1 && input.shape[0] === -1
  );
}

/** The height and width that a picture must have; `undefined` where they are free. */
export function fixedSize(
  input: TensorMetadata | undefined,
): { readonly widthPx: number; readonly heightPx: number } | undefined {
  const [, heightPx = -1, widthPx = -1] = input?.shape ?? [];
  return isPictureInput(input) && heightPx > 0 && widthPx > 0 ? { widthPx, heightPx } : undefined;
}

function takesPicture(input: TensorMetadata, kinds: readonly FrameKind[]): boolean {
  const fits = (size: number | undefined, px: number): boolean => size === px || (size ?? -1) < 0;
  return (
    isPictureInput(input) &&
    kinds.every(({ widthPx, heightPx }) => fits(input.shape[1], heightPx) && fits(input.shape[2], widthPx))
  );
}

/** Whether a recipe leaves a picture's numbers as they are; its size is another matter. */
export function isPlainRecipe({ colour, layout, scale, mean, std }: Recipe): boolean {
  const numbers = scale === 1 && mean.every((value) => value === 0) && std.every((value) => value === 1);
  return numbers && colour === "rgb" && layout === "nhwc";
}

function isPlain(recipe: Recipe, kinds: readonly FrameKind[]): boolean {
  const { size } = recipe;
  const sized = (kind: FrameKind): boolean =>
    size === undefined || (size.widthPx === kind.widthPx && size.heightPx === kind.heightPx);
  return isPlainRecipe(recipe) && kinds.every(sized);
}

function untouched(input: TensorMetadata, kinds: readonly FrameKind[]): ForeignForm | Misfit {
  try {
    for (const kind of kinds) rawTensor(emptyFrame(kind), input);
    return { kind: "untouched" };
  } catch (error) {
    return misfit(`${messageOf(error)}: give a --recipe, resize with --size, or use --input synthetic`);
  }
}

/** A frame of the kind, its bytes not read: only its size is looked at. */
function emptyFrame(kind: FrameKind): Frame {
  const channels = kind.encoding === "rgb8" || kind.encoding === "bgr8" ? 3 : 1;
  const data = new Uint8Array(kind.widthPx * kind.heightPx * channels);
  return { ...kind, data, index: 0, retrieveNs: 0 };
}

function withRecipe(recipe: Recipe, metadata: ModelMetadata): ForeignForm | Misfit {
  try {
    imageInput(recipe, metadata);
    answerOutput(recipe, metadata);
    return { kind: "recipe", recipe };
  } catch (error) {
    return misfit(messageOf(error));
  }
}

function needsRecipe(model: string): string {
  return `client-side work for model '${model}' needs a --recipe`;
}

function misfit(why: string): Misfit {
  return { kind: "misfit", why };
}
