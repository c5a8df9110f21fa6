import sharp from "sharp";
import { describe, expect, it } from "vitest";
import type { Frame } from "../../../../src/core/frame.ts";
import { drawAnswer, rankLines, tensorLine } from "../../../../src/scenarios/inference/draw-answer.ts";

const frame: Frame = {
  index: 0,
  retrieveNs: 0,
  widthPx: 4,
  heightPx: 2,
  encoding: "mono8",
  data: new Uint8Array(8).fill(100),
};
const options = {
  palette: [
    [0, 0, 0],
    [200, 0, 50],
  ] as const,
  alpha: 0.5,
  labels: ["none", "car"],
};

async function pixels(png: Uint8Array | string | undefined): Promise<number[]> {
  if (png === undefined || typeof png === "string") throw new Error("no picture");
  return [...(await sharp(png).raw().toBuffer())];
}

describe("drawAnswer", () => {
  it("draws ids, colours at the mask's size, and the mask over the frame at its size", async () => {
    const files = await drawAnswer(
      frame,
      { kind: "mask", widthPx: 2, heightPx: 1, ids: Uint8Array.of(0, 1) },
      options,
    );
    expect(files.map(({ suffix }) => suffix)).toEqual(["mask.png", "colours.png", "overlay.png"]);
    const [mask, colours, overlay] = await Promise.all(files.map(({ data }) => pixels(data)));
    expect(mask, "sharp triples grey").toEqual([0, 0, 0, 1, 1, 1]);
    expect(colours).toEqual([0, 0, 0, 200, 0, 50]);
    const row = [100, 100, 100, 100, 100, 100, 150, 50, 75, 150, 50, 75];
    expect(overlay, "black does not darken the picture").toEqual([...row, ...row]);
  });

  it("writes ranks with scores and names", async () => {
    const ranks = [
      { id: 1, score: 0.75 },
      { id: 12, score: 0.25 },
    ];
    expect(await drawAnswer(frame, { kind: "top-k", ranks }, options)).toEqual([
      { suffix: "answer.txt", data: "1  0.7500   1  car\n2  0.2500  12  class 12\n" },
    ]);
    expect(rankLines({ kind: "top-k", ranks: [] }, [])).toEqual([]);
  });

  it("describes tensors, with the range of the usual numbers", () => {
    const data = new Uint8Array(Float32Array.of(-1.5, 4).buffer);
    expect(tensorLine({ name: "y", datatype: "FP32", shape: [1, 2], data })).toBe(
      "y  FP32 [1,2]  8 bytes  from -1.5 to 4",
    );
    expect(tensorLine({ name: "z", datatype: "INT64", shape: [1], data })).toBe("z  INT64 [1]  8 bytes");
    expect(tensorLine({ name: "e", datatype: "UINT8", shape: [0], data: new Uint8Array(0) })).toBe(
      "e  UINT8 [0]  0 bytes",
    );
  });
});
