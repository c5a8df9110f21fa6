import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { InputError } from "../../../src/core/errors.ts";
import { decodeImage, detectImageFormat, encodeImage } from "../../../src/vision/image-codec.ts";

/** A soft gradient, which JPEG keeps well. */
function gradient(widthPx: number, heightPx: number): Uint8Array {
  return Uint8Array.from({ length: widthPx * heightPx * 3 }, (_, at) => {
    const pixel = Math.floor(at / 3);
    return [(pixel % widthPx) * 2, Math.floor(pixel / widthPx) * 3, 90][at % 3]!;
  });
}

describe("encodeImage", () => {
  it("writes a PNG that gives the same bytes back", async () => {
    const rgb = gradient(33, 17);
    const png = await encodeImage(rgb, 33, 17, "png");
    expect(detectImageFormat(png)).toBe("png");
    const back = await decodeImage(png);
    expect(back).toMatchObject({ widthPx: 33, heightPx: 17 });
    expect(Buffer.compare(back.rgb, rgb)).toBe(0);
  });

  it("writes a baseline JPEG of quality 90 with 4:2:0, near to the picture", async () => {
    const rgb = gradient(64, 48);
    const jpeg = await encodeImage(rgb, 64, 48, "jpeg");
    expect(detectImageFormat(jpeg)).toBe("jpeg");
    expect(await sharp(jpeg).metadata()).toMatchObject({ chromaSubsampling: "4:2:0", isProgressive: false });
    // The first luminance quantiser of the standard table is 16; quality 90 scales it by 0.2.
    const table = Buffer.from(jpeg).indexOf(Buffer.of(0xff, 0xdb));
    expect(jpeg[table + 5]).toBe(3);
    const { rgb: back } = await decodeImage(jpeg);
    const worst = back.reduce((most, value, at) => Math.max(most, Math.abs(value - rgb[at]!)), 0);
    expect(worst).toBeLessThan(12);
  });

  it("refuses a wrong number of bytes", async () => {
    await expect(encodeImage(new Uint8Array(5), 2, 1, "png")).rejects.toThrow(
      "expected 6 bytes for 2×1 rgb8, got 5",
    );
  });
});

describe("decodeImage", () => {
  it("triples grey", async () => {
    const png = await sharp(Buffer.of(10, 200), { raw: { width: 2, height: 1, channels: 1 } })
      .png()
      .toBuffer();
    expect([...(await decodeImage(png)).rgb]).toEqual([10, 10, 10, 200, 200, 200]);
  });

  it("drops alpha without blending", async () => {
    const png = await sharp(Buffer.of(10, 20, 30, 0), { raw: { width: 1, height: 1, channels: 4 } })
      .png()
      .toBuffer();
    expect([...(await decodeImage(png)).rgb]).toEqual([10, 20, 30]);
  });

  it("makes 16 bits 8", async () => {
    const png = await sharp(Buffer.alloc(12, 128), { raw: { width: 2, height: 2, channels: 3 } })
      .toColourspace("rgb16")
      .png()
      .toBuffer();
    expect([...new Set((await decodeImage(png)).rgb)]).toEqual([128]);
  });

  it("converts CMYK to three channels", async () => {
    const jpeg = await sharp(Buffer.alloc(16 * 16 * 3, 255), { raw: { width: 16, height: 16, channels: 3 } })
      .toColourspace("cmyk")
      .jpeg()
      .toBuffer();
    const { rgb } = await decodeImage(jpeg);
    expect(rgb.byteLength).toBe(16 * 16 * 3);
    expect(Math.min(...rgb)).toBeGreaterThan(240);
  });

  it("applies an EXIF orientation", async () => {
    const jpeg = await sharp(Buffer.alloc(16 * 8 * 3), { raw: { width: 16, height: 8, channels: 3 } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    expect(await decodeImage(jpeg)).toMatchObject({ widthPx: 8, heightPx: 16 });
  });

  it("refuses a JPEG cut anywhere, on one line", async () => {
    const jpeg = await encodeImage(gradient(64, 48), 64, 48, "jpeg");
    for (let cut = 3; cut < jpeg.length - 2; cut += 41) {
      const error = await decodeImage(jpeg.subarray(0, cut)).catch((reason: unknown) => reason);
      expect(error, `cut at ${cut}`).toBeInstanceOf(InputError);
      expect((error as InputError).message).toMatch(/^a damaged JPEG of \d+ bytes: .+$/);
    }
  });

  it("says what it got instead of a picture", async () => {
    await expect(decodeImage(Buffer.from("GIF89a and more"))).rejects.toThrow(
      "neither a JPEG nor a PNG: 15 bytes that begin with 4749463839612061",
    );
    await expect(decodeImage(new Uint8Array(0))).rejects.toThrow("neither a JPEG nor a PNG: 0 bytes (empty)");
  });
});
