import { expect, it } from "vitest";
import { demosaic } from "../../../src/vision/demosaic.ts";
import { toRgb } from "../../../src/vision/to-rgb.ts";

it("returns rgb8 as it is, without a copy", () => {
  const data = Uint8Array.of(1, 2, 3, 4, 5, 6);
  expect(toRgb({ widthPx: 2, heightPx: 1, encoding: "rgb8", data })).toBe(data);
});

it("swaps bgr8 into new memory", () => {
  const data = Uint8Array.of(1, 2, 3, 4, 5, 6);
  expect([...toRgb({ widthPx: 1, heightPx: 2, encoding: "bgr8", data })]).toEqual([3, 2, 1, 6, 5, 4]);
  expect([...data]).toEqual([1, 2, 3, 4, 5, 6]);
});

it("triples mono8", () => {
  const data = Uint8Array.of(7, 9);
  expect([...toRgb({ widthPx: 2, heightPx: 1, encoding: "mono8", data })]).toEqual([7, 7, 7, 9, 9, 9]);
});

it("demosaics Bayer", () => {
  const pixels = {
    widthPx: 3,
    heightPx: 2,
    encoding: "bayer_gbrg8",
    data: Uint8Array.of(1, 2, 3, 4, 5, 6),
  } as const;
  expect(toRgb(pixels)).toEqual(demosaic(pixels));
});

it("refuses a wrong number of bytes", () => {
  expect(() => toRgb({ widthPx: 2, heightPx: 2, encoding: "rgb8", data: new Uint8Array(11) })).toThrow(
    "expected 12 bytes for 2×2 rgb8, got 11",
  );
});
