import { expect, test } from "vitest";
import { stallsOf } from "../../../src/recording/stalls.ts";
import { madeRun, steadyRun } from "./made-run.ts";

test("a pause in which an answer was due is a stall, and the requests behind it are none", () => {
  const before = steadyRun(40).map((request) => ({ ...request, intendedMs: request.intendedMs / 4 }));
  const stalled = [
    ...before,
    { intendedMs: 300, serviceMs: 400 },
    { intendedMs: 310, serviceMs: 391 },
    { intendedMs: 320, serviceMs: 382 },
  ];
  expect(stallsOf(madeRun(stalled))).toEqual({ count: 1, longestNs: 400e6, longestAtNs: 300e6 });
});

test("a pause without a request is none, nor is one of less than ten median times", () => {
  expect(stallsOf(madeRun([{ intendedMs: 0 }, { intendedMs: 900 }]))).toBeUndefined();
  expect(stallsOf(madeRun(steadyRun(5, 150)))).toBeUndefined();
  expect(stallsOf(madeRun([{ intendedMs: 0 }]))).toBeUndefined();
});
