import { InputError } from "../core/errors.ts";
import { type BayerEncoding, isBayer, type Pixels } from "../core/frame.ts";
import { checkPixels } from "./check-pixels.ts";

/** Where red lies in the top-left 2×2 cell, as [row, column]; blue is diagonally opposite. Named as ROS does. */
const RED_AT: Readonly<Record<BayerEncoding, readonly [row: 0 | 1, column: 0 | 1]>> = {
  bayer_rggb8: [0, 0],
  bayer_grbg8: [0, 1],
  bayer_gbrg8: [1, 0],
  bayer_bggr8: [1, 1],
};

/**
 * Bilinear demosaicing of an 8-bit Bayer mosaic, in integers, rounding half up.
 *
 * A missing colour is the mean of the nearest sites that have it: two beside or above and below, or four around.
 * Beyond the border the mosaic is mirrored without repeating the border pixel (row −1 is row 1, row H is row H − 2):
 * that is what edge padding of whole 2×2 cells gives, and it keeps the pattern's phase for odd sizes too.
 * A side of one pixel has nothing to mirror and repeats itself.
 *
 * @param pixels - one of the four Bayer patterns, row by row without padding; not changed.
 * @returns RGB, uint8, `[heightPx, widthPx, 3]`, in memory of its own.
 * @throws {InputError} for an encoding that is no Bayer pattern, or a wrong number of bytes.
 */
export function demosaic(pixels: Pixels): Uint8Array {
  const { widthPx: width, heightPx: height, encoding, data } = pixels;
  if (!isBayer(encoding)) {
    throw new InputError(`demosaicing needs a Bayer mosaic (bayer_rggb8, …), got ${encoding}`);
  }
  checkPixels(pixels);
  const [redRow, redColumn] = RED_AT[encoding];
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const isRedRow = (y & 1) === redRow;
    const rows: Rows = {
      above: mirror(y - 1, height) * width,
      here: y * width,
      below: mirror(y + 1, height) * width,
      own: isRedRow ? 0 : 2,
      ownColumn: isRedRow ? redColumn : redColumn ^ 1,
    };
    edgePixel(data, rgb, rows, 0, width);
    const done = interior(data, rgb, rows, width);
    for (let x = done; x < width; x++) edgePixel(data, rgb, rows, x, width);
  }
  return rgb;
}

/** One row of the mosaic and its neighbours. */
interface Rows {
  /** Offsets of the first pixel of each row. */
  readonly above: number;
  readonly here: number;
  readonly below: number;
  /** The colour besides green that this row samples: 0 red, 2 blue. */
  readonly own: 0 | 2;
  /** Parity of the columns that sample it. */
  readonly ownColumn: number;
}

function mirror(index: number, size: number): number {
  if (size === 1) return 0;
  if (index < 0) return -index;
  return index < size ? index : 2 * (size - 1) - index;
}

/** Any pixel, borders included: the plain definition that the fast loop below repeats without its branches. */
function edgePixel(data: Uint8Array, rgb: Uint8Array, rows: Rows, x: number, width: number): void {
  const { above, here, below, own, ownColumn } = rows;
  const left = mirror(x - 1, width);
  const right = mirror(x + 1, width);
  const beside = data[here + left]! + data[here + right]!;
  const vertical = data[above + x]! + data[below + x]!;
  const out = (here + x) * 3;
  if ((x & 1) === ownColumn) {
    const diagonal = data[above + left]! + data[above + right]! + data[below + left]! + data[below + right]!;
    rgb[out + own] = data[here + x]!;
    rgb[out + 1] = (beside + vertical + 2) >> 2;
    rgb[out + 2 - own] = (diagonal + 2) >> 2;
  } else {
    rgb[out + own] = (beside + 1) >> 1;
    rgb[out + 1] = data[here + x]!;
    rgb[out + 2 - own] = (vertical + 1) >> 1;
  }
}

/**
 * The pixels from column 1 on, two at a time (a site of the row's own colour, then a green one), without a branch.
 * @returns the first column that is left to do.
 */
function interior(data: Uint8Array, rgb: Uint8Array, rows: Rows, width: number): number {
  const { above, here, below, own, ownColumn } = rows;
  let x = 1;
  if (ownColumn !== 1) {
    if (width < 3) return x;
    edgePixel(data, rgb, rows, x, width);
    x = 2;
  }
  const other = 2 - own;
  let out = (here + x) * 3;
  let aboveLeft = data[above + x - 1]!;
  let left = data[here + x - 1]!;
  let belowLeft = data[below + x - 1]!;
  // The green site at x + 1 reads x + 2, which must exist.
  for (; x + 2 < width; x += 2) {
    const site = data[here + x]!;
    const right = data[here + x + 1]!;
    const aboveRight = data[above + x + 1]!;
    const belowRight = data[below + x + 1]!;
    rgb[out + own] = site;
    rgb[out + 1] = (left + right + data[above + x]! + data[below + x]! + 2) >> 2;
    rgb[out + other] = (aboveLeft + aboveRight + belowLeft + belowRight + 2) >> 2;
    rgb[out + 3 + own] = (site + data[here + x + 2]! + 1) >> 1;
    rgb[out + 4] = right;
    rgb[out + 3 + other] = (aboveRight + belowRight + 1) >> 1;
    out += 6;
    aboveLeft = aboveRight;
    left = right;
    belowLeft = belowRight;
  }
  return x;
}
