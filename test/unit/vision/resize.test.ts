import { expect, it } from "vitest";
import { resizeRgb } from "../../../src/vision/resize.ts";

const size = (widthPx: number, heightPx: number) => ({ widthPx, heightPx });

it("returns the same bytes for the same size", async () => {
  const rgb = new Uint8Array(12);
  expect(await resizeRgb(rgb, size(2, 2), size(2, 2))).toBe(rgb);
});

it("gives exactly the asked size without keeping the aspect ratio, and keeps even colours", async () => {
  const rgb = Uint8Array.from({ length: 10 * 6 * 3 }, (_, at) => [10, 100, 250][at % 3]!);
  const resized = await resizeRgb(rgb, size(10, 6), size(7, 13));
  expect(resized.byteLength).toBe(7 * 13 * 3);
  expect([...resized.subarray(0, 6)]).toEqual([10, 100, 250, 10, 100, 250]);
  expect(new Set(resized).size).toBe(3);
});

it("halves by averaging", async () => {
  const grey = [0, 0, 0, 100, 100, 100];
  const rgb = Uint8Array.from([...grey, ...grey]);
  const [value] = await resizeRgb(rgb, size(2, 2), size(1, 1));
  expect(value).toBeGreaterThanOrEqual(49);
  expect(value).toBeLessThanOrEqual(51);
});

it("refuses a wrong number of bytes", async () => {
  await expect(resizeRgb(new Uint8Array(3), size(2, 1), size(1, 1))).rejects.toThrow("expected 6 bytes");
});
