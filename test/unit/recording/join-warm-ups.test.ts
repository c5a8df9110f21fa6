import { expect, test } from "vitest";
import type { WarmUpResult } from "../../../src/recording/cell-result.ts";
import { joinWarmUps } from "../../../src/recording/join-warm-ups.ts";

const ONE: WarmUpResult = { rule: "auto", durationMs: 500, requests: 12, failed: 0, settled: true };

test("counts are added, and the longest time is that of all", () => {
  const other = { ...ONE, durationMs: 700, requests: 20, failed: 3, settled: false };
  expect(joinWarmUps([ONE, other])).toEqual({ ...other, requests: 32 });
  const rehearsed = [
    { ...ONE, rehearsal: { requests: 3_000, durationMs: 900 } },
    { ...ONE, rehearsal: { requests: 2_000, durationMs: 2_500 } },
  ];
  expect(joinWarmUps(rehearsed)?.rehearsal).toEqual({ requests: 5_000, durationMs: 2_500 });
});

test("none is none", () => {
  expect(joinWarmUps([])).toBeUndefined();
});
