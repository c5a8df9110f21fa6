import { describe, expect, it } from "vitest";
import { overlayMask } from "../../../src/vision/overlay.ts";
import {
  AIEDGE_PALETTE,
  CITYSCAPES_PALETTE,
  isPaletteName,
  paletteFor,
} from "../../../src/vision/palette.ts";

describe("overlayMask", () => {
  const rgb = Uint8Array.from({ length: 4 * 2 * 3 }, () => 100);
  const size = { widthPx: 4, heightPx: 2, maskWidthPx: 2, maskHeightPx: 1 };
  const palette = [
    [200, 0, 100],
    [0, 0, 0],
  ] as const;

  it("stretches the mask and mixes by alpha, into new memory", () => {
    const drawn = overlayMask(rgb, Uint8Array.of(0, 1), { ...size, palette, alpha: 0.25 });
    const row = [125, 75, 100, 125, 75, 100, 75, 75, 75, 75, 75, 75];
    expect([...drawn]).toEqual([...row, ...row]);
    expect([...new Set(rgb)]).toEqual([100]);
  });

  it("does not draw on the picture itself when that is a Buffer", () => {
    const picture = Buffer.from(rgb);
    overlayMask(picture, Uint8Array.of(0, 1), { ...size, palette });
    expect(Buffer.compare(picture, rgb)).toBe(0);
  });

  it("leaves a class without a colour as it is", () => {
    expect([...overlayMask(rgb, Uint8Array.of(255, 2), { ...size, palette, alpha: 1 })]).toEqual([...rgb]);
  });

  it("refuses wrong sizes and alphas", () => {
    expect(() => overlayMask(rgb, new Uint8Array(3), { ...size, palette })).toThrow("expected 2 bytes");
    expect(() => overlayMask(rgb, new Uint8Array(2), { ...size, palette, alpha: 1.5 })).toThrow(
      "alpha must be 0 to 1",
    );
  });
});

describe("palettes", () => {
  it("know Cityscapes by trainId, with void last", () => {
    expect(CITYSCAPES_PALETTE).toHaveLength(20);
    expect(CITYSCAPES_PALETTE[0]).toEqual([128, 64, 128]);
    expect(CITYSCAPES_PALETTE[13]).toEqual([0, 0, 142]);
    expect(CITYSCAPES_PALETTE[18]).toEqual([119, 11, 32]);
  });

  it("are known by name", () => {
    expect(["cityscapes", "aiedge", "toString", "p.xml"].map(isPaletteName)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it("are chosen by the number of classes, else made up without repeats", () => {
    expect(paletteFor(5)).toBe(AIEDGE_PALETTE);
    expect(paletteFor(19)).toBe(CITYSCAPES_PALETTE);
    const made = paletteFor(40);
    expect(new Set(made.map(String)).size).toBe(40);
    expect(
      made
        .flat()
        .every((value) => value !== undefined && Number.isInteger(value) && value >= 0 && value <= 255),
    ).toBe(true);
  });
});
