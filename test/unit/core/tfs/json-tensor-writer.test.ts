import { describe, expect, it } from "vitest";
import { packBytes, type Tensor } from "../../../../src/core/tensor.ts";
import { tensorTexts } from "../../../../src/core/tfs/json-tensor-writer.ts";

/** Characters of 16,384 elements of one digit, with their commas, and some for brackets. */
const LONGEST_PIECE = 16_384 * 2 + 10;

const ones = (...shape: number[]): Tensor => ({
  name: "x",
  datatype: "UINT8",
  shape,
  data: new Uint8Array(shape.reduce((count, size) => count * size, 1)).fill(1),
});
const pieces = (tensor: Tensor): string[] => {
  const all: string[] = [];
  tensorTexts(tensor).writeAll(all);
  return all;
};

describe("the text of a tensor", () => {
  it.each([[[1, 100_000]], [[3, 20_000]], [[2, 1, 20_000]], [[100_000]], [[50_000, 2]]])(
    "of shape %j comes in pieces of bounded length",
    (shape) => {
      const tensor = ones(...shape);
      const texts = pieces(tensor);
      expect(Math.max(...texts.map(({ length }) => length))).toBeLessThan(LONGEST_PIECE * 2);
      const value: unknown = JSON.parse(texts.join(""));
      expect((value as unknown[]).flat(2)).toHaveLength(tensor.data.byteLength);
      const sizes: number[] = [];
      for (let at = value; Array.isArray(at); at = at[0]) sizes.push(at.length);
      expect(sizes).toEqual(shape);
    },
  );

  it.each<[number[], string]>([
    [[2, 0], "[[],[]]"],
    [[0], "[]"],
    [[], "1"],
  ])("of shape %j is %s", (shape, text) => {
    expect(pieces(ones(...shape)).join("")).toBe(text);
  });

  it("of strings has each where it belongs", () => {
    const data = packBytes(["a", "", "grün"].map((each) => Buffer.from(each)));
    const tensor: Tensor = { name: "x", datatype: "BYTES", shape: [3], data };
    expect(pieces(tensor).join("")).toBe('["a","","grün"]');
    expect(pieces({ ...tensor, name: "x_bytes" }).join("")).toBe(
      '[{"b64":"YQ=="},{"b64":""},{"b64":"Z3LDvG4="}]',
    );
  });
});
