import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { colourMask } from "../../../src/vision/colour-mask.ts";
import { encodeMask } from "../../../src/vision/mask-png.ts";

const size = { widthPx: 3, heightPx: 2 };

describe("colourMask", () => {
  it("paints ids; those without a colour are black", () => {
    const palette = [[1, 2, 3], undefined, [7, 8, 9]] as const;
    const rgb = colourMask(Uint8Array.of(0, 1, 2, 3, 255, 0), size, palette);
    expect([...rgb]).toEqual([1, 2, 3, 0, 0, 0, 7, 8, 9, 0, 0, 0, 0, 0, 0, 1, 2, 3]);
  });

  it("refuses a wrong size", () => {
    expect(() => colourMask(new Uint8Array(5), size, [])).toThrow("expected 6 bytes");
  });
});

describe("encodeMask", () => {
  it.each([
    ["two ids", Uint8Array.of(0, 1, 0, 1, 1, 0)],
    ["ids from 0 to 255", Uint8Array.of(0, 19, 128, 200, 254, 255)],
  ])("writes 8-bit grey that reads back: %s", async (_what, ids) => {
    const png = await encodeMask(ids, size);
    // IHDR: width, height, bit depth 8, colour type 0 (grey without a palette).
    expect([...png.subarray(16, 26)]).toEqual([0, 0, 0, 3, 0, 0, 0, 2, 8, 0]);
    const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
    expect([...data].filter((_, at) => at % info.channels === 0)).toEqual([...ids]);
  });

  it("refuses a wrong size", async () => {
    await expect(encodeMask(new Uint8Array(7), size)).rejects.toThrow("expected 6 bytes");
  });
});
