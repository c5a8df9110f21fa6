import fc from "fast-check";
import { expect, test } from "vitest";
import {
  earlyStoppingRank,
  earlyStoppingRequests,
} from "../../../../src/recording/statistics/early-stopping.ts";

// 64 and 662 with one over, 459 with none: MLPerf's inference rules and LoadGen's own logs ("Processed at least 64 queries").
// The others were computed from the binomial sum of the rules' appendix.
test.each([
  [900, [44, 64, 81, 97, 113, 127, 142, 156, 170, 183]],
  [950, [90, 130, 165, 198, 229, 259, 288, 316, 344, 371]],
  [990, [459, 662, 838, 1001, 1157, 1307, 1453, 1596, 1736, 1874]],
  [999, [4603, 6636, 8403, 10042, 11601, 13105, 14567, 15996, 17398, 18779]],
])("the counts for the %i-per-mille point are the published ones", (perMille, requests) => {
  expect(requests.map((_, over) => earlyStoppingRequests(over, perMille))).toEqual(requests);
});

test("a run of LoadGen is judged as LoadGen does", () => {
  // "Processed at least 64 queries (2048). Would discard 172 highest latency queries."
  expect(2048 - earlyStoppingRank(2048, 900)!).toBe(172);
  // "Processed 21 queries. Would need to run at least 438 more queries"; "Processed 300 … 159 more".
  expect(earlyStoppingRequests(0, 990) - 21).toBe(438);
  expect(earlyStoppingRequests(0, 990) - 300).toBe(159);
});

test.each([
  [900, 64],
  [950, 130],
  [990, 662],
  [999, 6636],
])("the first bound of the %i-per-mille point is the largest of %i requests", (perMille, requests) => {
  expect(earlyStoppingRank(requests - 1, perMille)).toBeUndefined();
  expect(earlyStoppingRank(requests, perMille)).toBe(requests);
});

test("as many are put aside as the count allows, less one", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 64, max: 50_000 }),
      fc.constantFrom(900, 950, 990),
      (requests, perMille) => {
        const rank = earlyStoppingRank(requests, perMille);
        if (rank === undefined) {
          expect(requests).toBeLessThan(earlyStoppingRequests(1, perMille));
          return;
        }
        const over = requests - rank + 1;
        expect(earlyStoppingRequests(over, perMille)).toBeLessThanOrEqual(requests);
        expect(earlyStoppingRequests(over + 1, perMille)).toBeGreaterThan(requests);
      },
    ),
    { numRuns: 50 },
  );
});
