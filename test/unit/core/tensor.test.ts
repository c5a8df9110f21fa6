import { describe, expect, it } from "vitest";
import { checkTensor, eachBytesElement, packBytes, splitBytes } from "../../../src/core/tensor.ts";

describe("a BYTES tensor", () => {
  it("of 50 million empty elements is counted without a view of each", () => {
    const data = new Uint8Array(200_000_000);
    expect(() => checkTensor({ name: "x", datatype: "BYTES", shape: [1], data })).toThrow(
      /expected 1 BYTES elements for shape \[1\], got 50000000/,
    );
  });

  it("is walked element by element", () => {
    const parts = [Uint8Array.of(1, 2), new Uint8Array(), Uint8Array.of(3)];
    const data = packBytes(parts);
    const found: [number, number][] = [];
    eachBytesElement(data, "x", (start, end) => found.push([start, end]));
    expect(found).toEqual([
      [4, 6],
      [10, 10],
      [14, 15],
    ]);
    expect(splitBytes(data)).toEqual(parts);
  });

  it.each([
    [Uint8Array.of(1, 0, 0), 0],
    [Uint8Array.of(0, 0, 0, 0, 2, 0, 0, 0, 9), 4],
  ])("whose element runs over the end is refused: %j", (data, at) => {
    expect(() => splitBytes(data, "x")).toThrow(
      `tensor 'x': a BYTES element at byte ${at} runs over the end`,
    );
  });
});
