import type { Frame } from "../../core/frame.ts";
import type { Tensor } from "../../core/tensor.ts";
import { colourMask } from "../../vision/colour-mask.ts";
import { encodeImage } from "../../vision/image-codec.ts";
import { encodeMask } from "../../vision/mask-png.ts";
import { overlayMask } from "../../vision/overlay.ts";
import type { Palette } from "../../vision/palette.ts";
import { toRgb } from "../../vision/to-rgb.ts";
import type { Answer, MaskAnswer, RankedAnswer } from "./answer.ts";

/** How answers are shown. */
export interface DrawOptions {
  readonly palette: Palette;
  /** How much of the mask is in the overlay: 0 none, 1 nothing else. */
  readonly alpha: number;
  /** Names of the classes, class 0 first; may be empty. */
  readonly labels: readonly string[];
}

/** A file to write. */
export interface DrawnFile {
  /** What it is, for its name: `mask.png`. */
  readonly suffix: string;
  readonly data: Uint8Array | string;
}

/**
 * The files of one answer: of a mask `mask.png` (ids), `colours.png` and `overlay.png` (on the frame, at its size); of
 * anything else `answer.txt`.
 */
export async function drawAnswer(
  frame: Frame,
  answer: Answer,
  options: DrawOptions,
): Promise<readonly DrawnFile[]> {
  switch (answer.kind) {
    case "mask":
      return drawMask(frame, answer, options);
    case "top-k":
      return [{ suffix: "answer.txt", data: `${rankLines(answer, options.labels).join("\n")}\n` }];
    case "tensors":
      return [{ suffix: "answer.txt", data: `${answer.tensors.map(tensorLine).join("\n")}\n` }];
  }
}

async function drawMask(
  frame: Frame,
  mask: MaskAnswer,
  { palette, alpha }: DrawOptions,
): Promise<readonly DrawnFile[]> {
  const { widthPx, heightPx } = frame;
  const overlay = overlayMask(toRgb(frame), mask.ids, {
    widthPx,
    heightPx,
    maskWidthPx: mask.widthPx,
    maskHeightPx: mask.heightPx,
    // Black is what palettes give to background and void: painted over, it would only darken the picture.
    palette: palette.map((colour) => (colour?.every((value) => value === 0) ? undefined : colour)),
    alpha,
  });
  const colours = colourMask(mask.ids, mask, palette);
  return [
    { suffix: "mask.png", data: await encodeMask(mask.ids, mask) },
    { suffix: "colours.png", data: await encodeImage(colours, mask.widthPx, mask.heightPx, "png") },
    { suffix: "overlay.png", data: await encodeImage(overlay, widthPx, heightPx, "png") },
  ];
}

/** A class's name, or its number where it has none. */
export function className(id: number, labels: readonly string[]): string {
  return labels[id] ?? `class ${id}`;
}

/** A line for each of the best classes: rank, score, id and name. */
export function rankLines({ ranks }: RankedAnswer, labels: readonly string[]): readonly string[] {
  const width = String(Math.max(0, ...ranks.map(({ id }) => id))).length;
  return ranks.map(
    ({ id, score }, rank) =>
      `${rank + 1}  ${score.toFixed(4)}  ${String(id).padStart(width)}  ${className(id, labels)}`,
  );
}

/** A line about a tensor: name, datatype, shape, and of the usual numbers their range. */
export function tensorLine({ name, datatype, shape, data }: Tensor): string {
  const head = `${name}  ${datatype} [${shape.join(",")}]  ${data.byteLength} bytes`;
  const values = valuesOf(datatype, data);
  if (values === undefined || values.length === 0) return head;
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return `${head}  from ${least} to ${most}`;
}

function valuesOf(
  datatype: Tensor["datatype"],
  data: Uint8Array,
): Uint8Array | Int32Array | Float32Array | undefined {
  // A view needs an aligned start, which a part of a larger message may not have.
  const { buffer } = new Uint8Array(data);
  switch (datatype) {
    case "UINT8":
      return data;
    case "INT32":
      return new Int32Array(buffer);
    case "FP32":
      return new Float32Array(buffer);
    case "BOOL":
    case "UINT16":
    case "UINT32":
    case "UINT64":
    case "INT8":
    case "INT16":
    case "INT64":
    case "FP16":
    case "BF16":
    case "FP64":
    case "BYTES":
      return undefined;
  }
}
