import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../../src/core/random.ts";
import { openSource } from "../../../src/inputs/open-source.ts";
import { renderStreet } from "../../../src/inputs/street/render-street.ts";
import { exposeMosaic } from "../../../src/inputs/street/sensor.ts";
import { makeStreetBag } from "../../../src/inputs/street-bag.ts";
import { demosaic } from "../../../src/vision/demosaic.ts";
import { fileOf, specOf, temporaryFolder } from "./small-bag.ts";

const folder = temporaryFolder();
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

describe("renderStreet", () => {
  it("gives the same bytes on every machine", () => {
    const rgb = renderStreet({ widthPx: 96, heightPx: 60, seed: 1, timeSec: 0.3, raysPerAxis: 2 });
    expect(sha256(rgb)).toBe("5a12097b5585f471ce30171ce4d0e7ed84ecf09942af7799a4ec56a27a2b698e");
  });

  it("has sky above, road below, and more than a few colours", () => {
    const rgb = renderStreet({ widthPx: 96, heightPx: 60, seed: 1, timeSec: 0 });
    const mean = (fromRow: number, toRow: number, channel: number): number => {
      const values = rgb.subarray(fromRow * 96 * 3, toRow * 96 * 3).filter((_, at) => at % 3 === channel);
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    };
    expect(mean(0, 8, 2)).toBeGreaterThan(mean(52, 60, 2));
    expect(Math.abs(mean(52, 60, 0) - mean(52, 60, 2))).toBeLessThan(25);
    expect(new Set(rgb).size).toBeGreaterThan(150);
  });

  it("changes with time and seed", () => {
    const at = (seed: number, timeSec: number): string =>
      sha256(renderStreet({ widthPx: 64, heightPx: 40, seed, timeSec }));
    expect(new Set([at(1, 0), at(1, 0.1), at(2, 0)]).size).toBe(3);
  });
});

describe("exposeMosaic", () => {
  it("is undone by demosaicing, up to its noise", () => {
    const rgb = Uint8Array.from({ length: 40 * 30 * 3 }, (_, at) => [40, 120, 220][at % 3]!);
    const size = { widthPx: 40, heightPx: 30 };
    const back = demosaic(exposeMosaic(rgb, size, "bayer_gbrg8", createRandom(3)));
    const mean = [0, 1, 2].map((channel) => {
      const values = back.filter((_, at) => at % 3 === channel);
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    });
    expect(mean.map((value, channel) => Math.abs(value - [40, 120, 220][channel]!) < 0.6)).toEqual([
      true,
      true,
      true,
    ]);
    expect(new Set(back).size).toBeGreaterThan(20);
  });
});

describe("the street bag", () => {
  it("has the asked frames, pattern and size", async () => {
    const bag = makeStreetBag({
      frames: 3,
      widthPx: 64,
      heightPx: 40,
      encoding: "bayer_grbg8",
      compression: "lz4",
    });
    const source = await openSource(specOf(fileOf(folder, "street.bag", bag)));
    expect(source.frames).toHaveLength(3);
    expect(source.frames[2]).toMatchObject({ widthPx: 64, heightPx: 40, encoding: "bayer_grbg8" });
    expect(source.frames[2]!.stampNs! - source.frames[0]!.stampNs!).toBe(200_000_000n);
    expect(source.frames[2]!.recordedNs! - source.frames[2]!.stampNs!).toBe(18_000_000n);
  });

  it("that ships is what is made today, by its first frame, and within its size", async () => {
    const sample = new URL("../../../rosbag-samples/street.bag", import.meta.url).pathname;
    expect(existsSync(sample)).toBe(true);
    const shipped = await openSource(specOf(sample));
    expect(shipped.frames).toHaveLength(12);
    const made = await openSource(specOf(fileOf(folder, "first.bag", makeStreetBag({ frames: 1 }))));
    expect(Buffer.compare(shipped.frames[0]!.data, made.frames[0]!.data)).toBe(0);
  });
});
