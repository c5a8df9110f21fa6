import type { BayerEncoding } from "../../core/frame.ts";
import type { GraphBuilder, Value } from "../onnx/graph-builder.ts";

/** Colours (0 red, 1 green, 2 blue) of the pixels (0,0), (0,1), (1,0), (1,1) of a pattern. */
const PATTERN: Readonly<Record<BayerEncoding, readonly [number, number, number, number]>> = {
  bayer_rggb8: [0, 1, 1, 2],
  bayer_bggr8: [2, 1, 1, 0],
  bayer_gbrg8: [1, 2, 0, 1],
  bayer_grbg8: [1, 0, 2, 1],
};

/**
 * The weights of the convolution over 2x2 cells: [12, 4, 3, 3], outputs `phase * 3 + colour`. A pixel keeps its own
 * colour; another colour is the mean of the neighbours in the surrounding 3x3 pixels that have it.
 */
export function demosaicWeights(encoding: BayerEncoding): Float32Array {
  const pattern = PATTERN[encoding];
  const weights = new Float32Array(12 * 4 * 9);
  for (let phase = 0; phase < 4; phase += 1) {
    for (let colour = 0; colour < 3; colour += 1) {
      const found: number[] = [];
      for (let dy = -1; dy <= 1; dy += 1) {
        for (let dx = -1; dx <= 1; dx += 1) {
          const y = (phase >> 1) + dy;
          const x = (phase & 1) + dx;
          const source = (y & 1) * 2 + (x & 1);
          if (pattern[source] !== colour) continue;
          if (pattern[phase] === colour && (dy !== 0 || dx !== 0)) continue;
          const cell = ((y >> 1) + 1) * 3 + ((x >> 1) + 1);
          found.push(((phase * 3 + colour) * 4 + source) * 9 + cell);
        }
      }
      for (const index of found) weights[index] = 1 / found.length;
    }
  }
  return weights;
}

/**
 * Demosaics in the graph: bilinear, borders reflected without repeating the edge, rounding half up; equal byte for byte
 * to `vision/demosaic.ts`. Every product and sum is exact in float32, whatever the order of addition.
 *
 * @param mosaic - uint8 `[N, H, W, 1]`, both sides at least 2.
 * @param frame - the sides where they are known: even ones then need no padding.
 * @returns float32 `[N, 3, H, W]`, whole numbers 0..255, red first.
 */
export function addDemosaic(
  graph: GraphBuilder,
  mosaic: Value,
  encoding: BayerEncoding,
  frame?: { readonly widthPx: number; readonly heightPx: number },
): Value {
  const planar = graph.op("Cast", [graph.op("Transpose", [mosaic], { perm: [0, 3, 1, 2] })], { to: 1 });
  const even = frame !== undefined && frame.widthPx % 2 === 0 && frame.heightPx % 2 === 0;
  const padded = even ? planar : padToEven(graph, planar);
  const cells = graph.op("SpaceToDepth", [padded], { blocksize: 2 });
  // Repeating the outermost cell of 2x2 pixels is reflecting the pixels about the outermost one of them.
  const bordered = graph.op("Pad", [cells, graph.ints([0, 0, 1, 1, 0, 0, 1, 1])], { mode: "edge" });
  const weights = graph.floats(demosaicWeights(encoding), [12, 4, 3, 3]);
  const half = graph.floats(new Float32Array(12).fill(0.5));
  const rounded = graph.op("Floor", [graph.op("Conv", [bordered, weights, half], { kernel_shape: [3, 3] })]);
  const colours = graph.op("DepthToSpace", [rounded], { blocksize: 2, mode: "DCR" });
  if (even) return colours;
  const ends = graph.op("Slice", [graph.op("Shape", [planar]), graph.ints([2]), graph.ints([4])]);
  return graph.op("Slice", [colours, graph.ints([0, 0]), ends, graph.ints([2, 3])]);
}

/** One more row or column, reflected, where a side is odd. */
function padToEven(graph: GraphBuilder, planar: Value): Value {
  const sides = graph.op("Slice", [graph.op("Shape", [planar]), graph.ints([2]), graph.ints([4])]);
  const odd = graph.op("Mod", [sides, graph.ints([2])]);
  const pads = graph.op("Concat", [graph.ints([0, 0, 0, 0, 0, 0]), odd], { axis: 0 });
  return graph.op("Pad", [planar, pads], { mode: "reflect" });
}
