import { describe, expect, it } from "vitest";
import { BinaryPart, checkHeaderBytes, withoutParameter } from "../../../../src/core/oip/binary.ts";

describe("BinaryPart", () => {
  it("gives tensors one after another, as views", () => {
    const body = Uint8Array.of(9, 1, 2, 3);
    const part = new BinaryPart(body, 1);
    expect([...part.take(2, "a")]).toEqual([1, 2]);
    expect(() => part.end()).toThrow(/1 bytes are left/);
    expect(part.take(1, "b").buffer).toBe(body.buffer);
    expect(part.take(0, "c")).toHaveLength(0);
    part.end();
  });

  it.each([-1, 1.5, "2", null])("refuses the size %j", (size) => {
    expect(() => new BinaryPart(new Uint8Array(4), 0).take(size, "a")).toThrow(/must be a number of bytes/);
  });
});

describe("checkHeaderBytes", () => {
  it.each([-1, 0.5, Number.NaN, 5])("refuses %d of 4 bytes", (headerBytes) => {
    expect(() => checkHeaderBytes(headerBytes, 4)).toThrow(
      expect.objectContaining({ status: "INVALID_ARGUMENT" }),
    );
  });
});

describe("withoutParameter", () => {
  it("drops the parameter and an empty rest", () => {
    expect(withoutParameter({ a: 1, b: 2 }, "a")).toEqual({ b: 2 });
    expect(withoutParameter({ a: 1 }, "a")).toBeUndefined();
  });
});
