import fc from "fast-check";
import { expect, test } from "vitest";
import { createHistogram, decodeHistogram } from "../../../src/recording/histogram.ts";

const HOUR_NS = 3_600_000_000_000;
const nanoseconds = fc.oneof(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 0, max: HOUR_NS }));

function filled(values: readonly number[]): ReturnType<typeof createHistogram> {
  const histogram = createHistogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

test("every rank is the nearest-rank value, at most 0.1 % above it, up to an hour", () => {
  fc.assert(
    fc.property(fc.array(nanoseconds, { minLength: 1, maxLength: 60 }), (values) => {
      const histogram = filled(values);
      const sorted = values.toSorted((a, b) => a - b);
      for (const [index, value] of sorted.entries()) {
        const found = histogram.atRank(index + 1);
        expect(found).toBeGreaterThanOrEqual(value);
        expect(found).toBeLessThanOrEqual(value + value / 1000);
      }
    }),
  );
});

test("values at and beside powers of two keep their bucket", () => {
  for (let bits = 1; bits <= 42; bits += 1) {
    for (const value of [2 ** bits - 1, 2 ** bits, 2 ** bits + 1]) {
      const found = filled([value]).atRank(1);
      expect(found).toBeGreaterThanOrEqual(value);
      expect(found - value).toBeLessThanOrEqual(value / 1000);
    }
  }
});

test("merged histograms are the histogram of all values, through base64 too", () => {
  fc.assert(
    fc.property(fc.array(nanoseconds, { minLength: 1 }), fc.array(nanoseconds), (first, second) => {
      const merged = decodeHistogram(filled(first).encode());
      if (second.length > 0) merged.add(decodeHistogram(filled(second).encode()));
      const whole = filled([...first, ...second]);
      expect(merged.count).toBe(whole.count);
      for (let rank = 1; rank <= whole.count; rank += 1) expect(merged.atRank(rank)).toBe(whole.atRank(rank));
    }),
  );
});

test("ranks are exact where percent of the count is not a whole number in floating point", () => {
  const histogram = filled(Array.from({ length: 1000 }, (_, index) => index + 1));
  for (let rank = 1; rank <= 1000; rank += 1) expect(histogram.atRank(rank)).toBe(rank);
});

test("what is longer than a day counts as a day", () => {
  const found = filled([1e18]).atRank(1);
  expect(found).toBeGreaterThanOrEqual(86_400e9);
  expect(found).toBeLessThan(86_500e9);
});

test("a value can be recorded often at once, and a bucket's end is what its rank gives", () => {
  fc.assert(
    fc.property(nanoseconds, fc.integer({ min: 1, max: 1e6 }), (value, count) => {
      const histogram = createHistogram();
      histogram.record(value, count);
      expect(histogram.count).toBe(count);
      expect(histogram.atRank(count)).toBe(histogram.bucketEnd(value));
      expect(histogram.bucketEnd(histogram.bucketEnd(value))).toBe(histogram.bucketEnd(value));
    }),
  );
});
