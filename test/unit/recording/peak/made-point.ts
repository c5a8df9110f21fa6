import type { PeakPoint } from "../../../../src/recording/peak/peak-result.ts";

/** A point of a curve: held, with a mean response time. */
export function madePoint(ratePerSec: number, more: Partial<PeakPoint> = {}): PeakPoint {
  return {
    held: true,
    reasons: ["p99 20 ms, within 50 ms"],
    terms: [],
    borderline: false,
    kind: "search",
    ratePerSec,
    startedAt: "2026-03-14T09:15:00.000Z",
    windowSec: 3,
    verdict: "VALID",
    runs: 1,
    runsHeld: 1,
    requests: ratePerSec * 3,
    ok: ratePerSec * 3,
    failed: 0,
    timedOut: 0,
    dropped: 0,
    censored: [],
    throughputPerSec: ratePerSec,
    meanMs: 12,
    p50Ms: 11,
    p99Ms: 20,
    clientCpuMsPerRequest: 0.2,
    serverCpuMsPerRequest: 0.3,
    ...more,
  };
}

/** One that missed. */
export function madeMiss(ratePerSec: number, more: Partial<PeakPoint> = {}): PeakPoint {
  return madePoint(ratePerSec, {
    held: false,
    cause: "objective",
    borderline: true,
    runsHeld: 0,
    reasons: ["p99 80 ms, above 50 ms"],
    p99Ms: 80,
    ...more,
  });
}
