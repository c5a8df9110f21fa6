import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BayerEncoding } from "../../../../src/core/frame.ts";
import { openCpuSession } from "../../../../src/serving/cpu-session.ts";
import { addDemosaic } from "../../../../src/serving/graphs/demosaic-graph.ts";
import { createModel, GraphBuilder } from "../../../../src/serving/onnx/graph-builder.ts";
import { writeModel } from "../../../../src/serving/onnx/model-file.ts";
import { demosaic } from "../../../../src/vision/demosaic.ts";
import { noiseBytes, runOnce } from "../tiny-nets.ts";

const PATTERNS: readonly BayerEncoding[] = ["bayer_rggb8", "bayer_bggr8", "bayer_gbrg8", "bayer_grbg8"];

function graphOf(encoding: BayerEncoding, frame?: { widthPx: number; heightPx: number }): Uint8Array {
  const graph = new GraphBuilder("demosaic_");
  const mosaic = graph.input("mosaic", "UINT8", [1, "h", "w", 1]);
  const planes = addDemosaic(graph, mosaic, encoding, frame);
  const rgb = graph.op("Transpose", [planes], { perm: [0, 2, 3, 1] });
  graph.op("Cast", [rgb], { to: 2 }, "rgb");
  graph.output("rgb", "UINT8", [1, "h", "w", 3]);
  return writeModel(createModel(graph.graph("demosaic"), 17));
}

function mosaicTensor(data: Uint8Array, widthPx: number, heightPx: number) {
  return { name: "mosaic", datatype: "UINT8", shape: [1, heightPx, widthPx, 1], data } as const;
}

describe.each(PATTERNS)("demosaicing %s in the graph", (encoding) => {
  it("equals vision/demosaic for even and odd sizes, byte for byte", async () => {
    const session = await openCpuSession(graphOf(encoding), "demosaic");
    const sides = fc.integer({ min: 2, max: 23 });
    await fc.assert(
      fc.asyncProperty(sides, sides, fc.integer({ min: 1, max: 1e6 }), async (widthPx, heightPx, seed) => {
        const data = noiseBytes(widthPx * heightPx, seed);
        const [rgb] = await session.run([mosaicTensor(data, widthPx, heightPx)]);
        expect(rgb?.shape).toEqual([1, heightPx, widthPx, 3]);
        expect(rgb?.data).toEqual(demosaic({ widthPx, heightPx, encoding, data }));
      }),
      { numRuns: 60 },
    );
    await session.release();
  });

  it("gives the same when the size is known beforehand", async () => {
    const data = noiseBytes(12 * 8);
    const mosaic = mosaicTensor(data, 12, 8);
    const known = await runOnce(graphOf(encoding, { widthPx: 12, heightPx: 8 }), mosaic);
    expect(known["rgb"]?.data).toEqual(demosaic({ widthPx: 12, heightPx: 8, encoding, data }));
  });
});
