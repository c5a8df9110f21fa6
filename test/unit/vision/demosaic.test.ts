import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BayerEncoding, Pixels } from "../../../src/core/frame.ts";
import { demosaic } from "../../../src/vision/demosaic.ts";

const PATTERNS: Readonly<Record<BayerEncoding, string>> = {
  bayer_rggb8: "rggb",
  bayer_bggr8: "bggr",
  bayer_gbrg8: "gbrg",
  bayer_grbg8: "grbg",
};
const ENCODINGS = Object.keys(PATTERNS) as BayerEncoding[];

/** The definition in another form: per colour, the weighted mean of the 3×3 neighbours that sample it, mirrored. */
function reference({ widthPx, heightPx, encoding, data }: Pixels): number[] {
  const colourAt = (x: number, y: number): string =>
    PATTERNS[encoding as BayerEncoding][(y & 1) * 2 + (x & 1)]!;
  const mirrored = (at: number, size: number): number => (at < 0 ? -at : at >= size ? 2 * size - 2 - at : at);
  const rgb: number[] = [];
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) {
      for (const colour of "rgb") {
        if (colourAt(x, y) === colour) {
          rgb.push(data[y * widthPx + x]!);
          continue;
        }
        const found: { distance: number; value: number }[] = [];
        for (const [dx, dy] of [-1, 0, 1].flatMap((a) => [-1, 0, 1].map((b) => [a, b] as const))) {
          const sx = mirrored(x + dx, widthPx);
          const sy = mirrored(y + dy, heightPx);
          if (colourAt(sx, sy) !== colour) continue;
          found.push({ distance: Math.abs(dx) + Math.abs(dy), value: data[sy * widthPx + sx]! });
        }
        const nearest = Math.min(...found.map(({ distance }) => distance));
        const values = found.filter(({ distance }) => distance === nearest).map(({ value }) => value);
        rgb.push(Math.floor(values.reduce((a, b) => a + b, 0) / values.length + 0.5));
      }
    }
  }
  return rgb;
}

describe("demosaic", () => {
  it("equals the plain definition for every pattern and size", () => {
    const mosaic = fc
      .record({ widthPx: fc.integer({ min: 2, max: 11 }), heightPx: fc.integer({ min: 2, max: 9 }) })
      .chain(({ widthPx, heightPx }) =>
        fc.record({
          widthPx: fc.constant(widthPx),
          heightPx: fc.constant(heightPx),
          encoding: fc.constantFrom(...ENCODINGS),
          data: fc.uint8Array({ minLength: widthPx * heightPx, maxLength: widthPx * heightPx }),
        }),
      );
    fc.assert(
      fc.property(mosaic, (pixels) => {
        expect([...demosaic(pixels)]).toEqual(reference(pixels));
      }),
      { numRuns: 400 },
    );
  });

  it.each(ENCODINGS)("gives an even colour back everywhere (%s)", (encoding) => {
    const value = { r: 10, g: 100, b: 250 } as Readonly<Record<string, number>>;
    const [widthPx, heightPx] = [7, 5];
    const data = new Uint8Array(widthPx * heightPx);
    for (let y = 0; y < heightPx; y++) {
      for (let x = 0; x < widthPx; x++)
        data[y * widthPx + x] = value[PATTERNS[encoding][(y & 1) * 2 + (x & 1)]!]!;
    }
    const rgb = demosaic({ widthPx, heightPx, encoding, data });
    expect(rgb).toEqual(Uint8Array.from({ length: 105 }, (_, at) => [10, 100, 250][at % 3]!));
  });

  it("rounds half up", () => {
    // rggb 2×2: green at the red site is the mean of 1, 1 (mirrored) and 2, 2 = 1.5.
    const data = Uint8Array.of(0, 1, 2, 9);
    expect(demosaic({ widthPx: 2, heightPx: 2, encoding: "bayer_rggb8", data })[1]).toBe(2);
  });

  it.each([
    [1, 1],
    [1, 4],
    [5, 1],
  ])("takes %i×%i px without reading outside", (widthPx, heightPx) => {
    const data = new Uint8Array(widthPx * heightPx).fill(77);
    const rgb = demosaic({ widthPx, heightPx, encoding: "bayer_grbg8", data });
    expect([...new Set(rgb)]).toEqual([77]);
  });

  it("refuses what is no mosaic, and a wrong number of bytes", () => {
    const data = new Uint8Array(12);
    expect(() => demosaic({ widthPx: 2, heightPx: 2, encoding: "rgb8", data })).toThrow(/Bayer mosaic.*rgb8/);
    expect(() => demosaic({ widthPx: 2, heightPx: 2, encoding: "bayer_rggb8", data })).toThrow(
      "expected 4 bytes for 2×2 bayer_rggb8, got 12",
    );
  });
});
