import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { channelsOf, PIXEL_ENCODINGS } from "../../../src/core/frame.ts";
import {
  decodeCompressedImageMessage,
  decodeImageMessage,
  encodeCompressedImageMessage,
  encodeImageMessage,
  pixelsOf,
  stampOf,
} from "../../../src/inputs/ros-image.ts";

const GOLDEN =
  "07000000010000000065cd1d0c0000006c6566745f6f70746963616c02000000020000000b00000062617965725f7267676238" +
  "0002000000040000000a141e28";

const IMAGE = {
  header: { seq: 7, stamp: { sec: 1, nsec: 500_000_000 }, frameId: "left_optical" },
  heightPx: 2,
  widthPx: 2,
  encoding: "bayer_rggb8",
  isBigEndian: false,
  step: 2,
  data: Uint8Array.of(10, 20, 30, 40),
};

describe("sensor_msgs/Image", () => {
  it("is written as the golden bytes", () => {
    expect(Buffer.from(encodeImageMessage(IMAGE)).toString("hex")).toBe(GOLDEN);
  });

  it("is read from the golden bytes", () => {
    const image = decodeImageMessage(Buffer.from(GOLDEN, "hex"));
    expect({ ...image, data: [...image.data] }).toEqual({ ...IMAGE, data: [10, 20, 30, 40] });
    expect(stampOf(image.header)).toBe(1_500_000_000n);
  });

  it("cut anywhere is a RangeError", () => {
    const message = Buffer.from(GOLDEN, "hex");
    for (let cut = 0; cut < message.length; cut++) {
      expect(() => decodeImageMessage(message.subarray(0, cut)), `cut at ${cut}`).toThrow(RangeError);
    }
  });

  it("takes a stamp of 0 as not set", () => {
    expect(stampOf({ seq: 0, stamp: { sec: 0, nsec: 0 }, frameId: "" })).toBeUndefined();
  });
});

describe("sensor_msgs/CompressedImage", () => {
  it("survives writing and reading", () => {
    fc.assert(
      fc.property(fc.string(), fc.uint8Array(), (format, data) => {
        const image = { header: IMAGE.header, format, data };
        const back = decodeCompressedImageMessage(encodeCompressedImageMessage(image));
        expect({ ...back, data: [...back.data] }).toEqual({ ...image, data: [...data] });
      }),
    );
  });
});

describe("pixelsOf", () => {
  it("removes row padding, for every encoding, with or without the last row's", () => {
    const sizes = fc.record({
      widthPx: fc.integer({ min: 1, max: 6 }),
      heightPx: fc.integer({ min: 1, max: 5 }),
      padding: fc.integer({ min: 0, max: 4 }),
      encoding: fc.constantFrom(...PIXEL_ENCODINGS),
      keepsLast: fc.boolean(),
    });
    fc.assert(
      fc.property(sizes, ({ widthPx, heightPx, padding, encoding, keepsLast }) => {
        const rowBytes = widthPx * channelsOf(encoding);
        const step = rowBytes + padding;
        const stored = Uint8Array.from({ length: step * heightPx }, (_, at) =>
          at % step < rowBytes ? (at % step) + Math.floor(at / step) * 20 : 255,
        );
        const data = keepsLast ? stored : stored.subarray(0, stored.length - padding);
        const expected = [...stored].filter((_, at) => at % step < rowBytes);
        expect([...pixelsOf({ ...IMAGE, widthPx, heightPx, encoding, step, data }).data]).toEqual(expected);
      }),
    );
  });

  it("does not copy an image without padding", () => {
    expect(pixelsOf(IMAGE).data.buffer).toBe(IMAGE.data.buffer);
  });

  it.each([
    [
      { encoding: "16UC1" },
      "its encoding '16UC1' is not supported (supported: rgb8, bgr8, mono8, bayer_rggb8,",
    ],
    [{ widthPx: 0 }, "the image is empty (0×2 px)"],
    [{ step: 1 }, "step is 1 bytes, less than a row of 2 px bayer_rggb8 (2 bytes)"],
    [{ heightPx: 3 }, "the image has 4 bytes, 2×3 bayer_rggb8 with step 2 needs 6"],
    [{ heightPx: 4_000_000_000, step: 4_000_000_000 }, "the image has 4 bytes"],
  ])("refuses %j", (change, message) => {
    expect(() => pixelsOf({ ...IMAGE, ...change })).toThrow(message);
  });
});
