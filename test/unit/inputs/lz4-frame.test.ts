import lz4Decompress from "@foxglove/wasm-lz4";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { lz4Frame } from "../../../src/inputs/lz4-frame.ts";

beforeAll(() => lz4Decompress.isLoaded);

function roundTrip(data: Uint8Array): boolean {
  return Buffer.compare(lz4Decompress(lz4Frame(data), data.length), data) === 0;
}

describe("lz4Frame", () => {
  it("is undone by the reference decompressor, for bytes with and without repeats", () => {
    const repeats = fc
      .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 30 }), fc.integer({ min: 1, max: 40 })), {
        minLength: 1,
      })
      .map((runs) =>
        Buffer.concat(runs.flatMap(([bytes, times]) => Array.from({ length: times }, () => bytes))),
      );
    fc.assert(
      fc.property(fc.oneof(repeats, fc.uint8Array({ minLength: 1, maxLength: 600 })), (data) => {
        expect(roundTrip(data)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("handles long runs, far matches and more than one block", () => {
    const period = 70_000;
    const data = Uint8Array.from({ length: 5_000_000 }, (_, at) => {
      if (at < 400_000) return 7;
      return Math.imul(at % period, 2_654_435_761) >>> 24;
    });
    expect(roundTrip(data)).toBe(true);
  });

  it("makes what repeats small, and does not blow up what does not", () => {
    expect(lz4Frame(new Uint8Array(100_000)).length).toBeLessThan(600);
    const noise = Uint8Array.from({ length: 10_000 }, (_, at) => Math.imul(at, at * 2_654_435_761) >>> 24);
    expect(lz4Frame(noise).length).toBeLessThanOrEqual(noise.length + 15);
  });
});
