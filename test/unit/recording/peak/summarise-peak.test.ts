import { describe, expect, it } from "vitest";
import type { CellResult } from "../../../../src/recording/cell-result.ts";
import type { PeakCell, PeakPoint } from "../../../../src/recording/peak/peak-result.ts";
import { type SearchOutcome, summarisePeak } from "../../../../src/recording/peak/summarise-peak.ts";
import { madeCell } from "../made-cell.ts";
import { madeMiss, madePoint } from "./made-point.ts";

const { key } = madeCell({ key: { scenario: "open-loop", arrivals: "poisson", concurrency: undefined } });

function summary(points: readonly PeakPoint[], outcome: SearchOutcome): PeakCell {
  return summarisePeak({
    name: "http",
    key,
    executionProvider: "",
    points,
    outcome,
    resolution: 0.05,
    requestsNeeded: 368,
  });
}

const full = (rate: number, more: Partial<PeakPoint> = {}): PeakPoint =>
  madePoint(rate, { kind: "confirmation", runs: 4, runsHeld: 4, ...more });

describe("summarisePeak", () => {
  it("gives the bracket as the interval when the full run held in every repetition", () => {
    const points = [madePoint(400), madePoint(800), madeMiss(840), full(800)];
    const cell = summary(points, { state: "confirmed", peakPerSec: 800, failedPerSec: 840, coarse: false });
    expect(cell).toMatchObject({
      intervalPerSec: { low: 800, high: 840 },
      limitedBy: "objective",
      notes: [],
    });
  });

  it("is wider below when a repetition missed by itself, and says so", () => {
    const points = [madePoint(760), madePoint(800), madeMiss(840), full(800, { runsHeld: 3 })];
    const cell = summary(points, { state: "confirmed", peakPerSec: 800, failedPerSec: 840, coarse: false });
    expect(cell.intervalPerSec).toEqual({ low: 760, high: 840 });
    expect(cell.notes.join()).toMatch(/1 of 4 repetitions at the peak missed/);
  });

  it("says which repetition is not pooled, and does not widen for it", () => {
    const cell = madeCell({ repetitions: 4, requests: 40 });
    const confirmation: CellResult = {
      ...cell,
      repetitions: 3,
      pooled: [1, 2, 4],
      runs: cell.runs.map((run) =>
        run.repetition === 3 ? { ...run, verdict: "INVALID", reasons: ["The generator sent late."] } : run,
      ),
    };
    const { intervalPerSec, notes } = summarisePeak({
      name: "http",
      key,
      executionProvider: "",
      points: [madePoint(760), madePoint(800), madeMiss(840), full(800, { runs: 3, runsHeld: 3 })],
      outcome: { state: "confirmed", peakPerSec: 800, failedPerSec: 840, coarse: false },
      resolution: 0.05,
      requestsNeeded: 368,
      confirmation,
    });
    expect(intervalPerSec).toEqual({ low: 800, high: 840 });
    expect(notes).toEqual([
      "Repetition 3 of the full run is INVALID and not pooled: The generator sent late.",
    ]);
  });

  it("gives rates of each vehicle as such", () => {
    const { notes } = summarisePeak({
      name: "http",
      key: { ...key, vehicles: 4 },
      executionProvider: "",
      points: [madeMiss(50)],
      outcome: { state: "none", failedPerSec: 50, coarse: false },
      resolution: 0.05,
      requestsNeeded: 368,
    });
    expect(notes.join()).toContain("at 50 per second and vehicle already");
  });

  it("keeps the upper end when a full run failed on the way down: a probe had held there", () => {
    const points = [madePoint(800), madeMiss(840), full(800, { held: false, runsHeld: 1 }), full(762)];
    const cell = summary(points, { state: "confirmed", peakPerSec: 762, failedPerSec: 840, coarse: false });
    expect(cell.intervalPerSec).toEqual({ low: 762, high: 840 });
  });

  it("says in plain words that no rate holds, and what the lowest one gave", () => {
    const points = [madeMiss(100), madeMiss(50, { reasons: ["p99 74 ms, above 50 ms"] })];
    const cell = summary(points, { state: "none", failedPerSec: 50, coarse: false });
    expect(cell.peakPerSec).toBeUndefined();
    expect(cell.intervalPerSec).toBeUndefined();
    expect(cell.notes).toEqual([
      "No rate holds the objective: at 50 per second already p99 74 ms, above 50 ms.",
    ]);
  });

  it("says when the full run made too few requests for the percentile", () => {
    const points = [madePoint(2), madeMiss(2.1), full(2, { requests: 24 })];
    const cell = summary(points, { state: "confirmed", peakPerSec: 2, failedPerSec: 2.1, coarse: false });
    expect(cell.notes.join()).toMatch(/made 24 requests.* needs 368: lengthen --duration/);
  });

  it("says what to do when only probes held", () => {
    const points = [madePoint(800), madeMiss(840), full(800, { held: false }), full(762, { held: false })];
    const cell = summary(points, { state: "unconfirmed", peakPerSec: 800, failedPerSec: 840, coarse: false });
    expect(cell.intervalPerSec).toEqual({ low: 0, high: 840 });
    expect(cell.notes.join()).toMatch(/no full run did.*--probe-duration/);
  });

  it("says that the generator is the limit where it is", () => {
    const points = [madePoint(800), madeMiss(840, { cause: "generator" }), full(800)];
    const cell = summary(points, { state: "confirmed", peakPerSec: 800, failedPerSec: 840, coarse: false });
    expect(cell.limitedBy).toBe("generator");
    expect(cell.notes.join()).toMatch(
      /At 840 per second the generator was the limit, not the server.*--generators 2/,
    );
  });

  it("says that the peak lies higher when nothing failed", () => {
    const cell = summary([madePoint(800), full(800)], { state: "confirmed", peakPerSec: 800, coarse: false });
    expect(cell.intervalPerSec).toEqual({ low: 800, high: undefined });
    expect(cell.notes.join()).toMatch(/lies higher/);
  });
});
