import fc from "fast-check";
import { expect, test } from "vitest";
import { TransportError } from "../../../src/core/errors.ts";
import { joinBrokerMarks } from "../../../src/recording/broker-marks.ts";
import { dealOut } from "../../../src/recording/deal-out.ts";
import { joinCosts } from "../../../src/recording/join-costs.ts";
import { joinRecords } from "../../../src/recording/join-records.ts";
import { packRecord, unpackRecord } from "../../../src/recording/packed-record.ts";
import { recordedWindow } from "../../../src/recording/recorded-window.ts";
import { createRecorder } from "../../../src/recording/recorder.ts";
import { COLUMNS, idOfRow, type RunRecord } from "../../../src/recording/run-record.ts";
import { tallyRun } from "../../../src/recording/tally.ts";
import { timingAt } from "./made-run.ts";

const START_NS = 3e12;

interface Made {
  readonly intendedUs: number;
  readonly serviceUs: number;
  readonly fails: boolean;
}

function recordOf(requests: readonly (Made & { readonly frame: number })[], idPrefix: string): RunRecord {
  const recorder = createRecorder({ clockId: "ours" });
  for (const { intendedUs, serviceUs, fails, frame } of requests) {
    const intended = START_NS + intendedUs * 1e3;
    const seq = recorder.scheduled(frame, intended);
    recorder.started(seq, 0, intended + 500);
    const done = intended + 500 + serviceUs * 1e3;
    recorder.travelled(seq, {
      sentNs: intended + 900,
      receivedNs: done - 100,
      requestPayloadBytes: frame + 1,
      responsePayloadBytes: 2,
    });
    if (fails) {
      recorder.failed(seq, new TransportError("INTERNAL", `of ${idPrefix}`), done);
    } else {
      recorder.timed(seq, timingAt(intended + 900, 1000, "ours"));
      recorder.answered(seq, done);
    }
  }
  const frame = { idPrefix, windowStartNs: START_NS, windowEndNs: START_NS + 1e9, timeoutMs: 100 };
  return recorder.finish({ ...frame, aborted: false });
}

test("a schedule dealt out and recorded by several is what one would have recorded", () => {
  // Requests of one moment have no order among several generators.
  const requests = fc.uniqueArray(
    fc.record({
      intendedUs: fc.integer({ min: 0, max: 900_000 }),
      serviceUs: fc.integer({ min: 10, max: 30_000 }),
      fails: fc.boolean(),
    }),
    { maxLength: 60, selector: ({ intendedUs }) => intendedUs },
  );
  fc.assert(
    fc.property(requests, fc.integer({ min: 1, max: 4 }), (made, generators) => {
      const all = made
        .toSorted((a, b) => a.intendedUs - b.intendedUs)
        .map((request, frame) => ({ ...request, frame }));
      const parts = Array.from({ length: generators }, (_, part) =>
        unpackRecord(
          structuredClone(
            packRecord(
              recordOf(
                all.filter((_request, index) => index % generators === part),
                `g${part}-`,
              ),
            ),
          ),
        ),
      );
      const joined = joinRecords(
        parts,
        parts.map(() => 3),
      );
      const whole = recordOf(all, "g0-");
      expect(joined.rows).toBe(whole.rows);
      expect([...joined.columns.intendedNs]).toEqual([...whole.columns.intendedNs]);
      const { failures, ...tally } = tallyRun(joined);
      const { failures: expected, ...single } = tallyRun(whole);
      expect(tally).toEqual(single);
      expect(failures[0]?.count).toBe(expected[0]?.count);
    }),
    { numRuns: 40 },
  );
});

test("rows keep their id, clients are numbered through, broker marks are in their rows", () => {
  const made = (intendedUs: number) => ({ intendedUs, serviceUs: 50, fails: false, frame: intendedUs });
  const parts = [recordOf([made(1), made(4)], "g0-"), recordOf([made(2), made(3)], "g1-")];
  for (const part of parts) {
    joinBrokerMarks(part, [
      { requestId: "g1-0", requestInNs: 5, requestOutNs: 6, responseInNs: 7, responseOutNs: 8 },
    ]);
  }
  const joined = joinRecords(parts, [2, 2]);
  expect([0, 1, 2, 3].map((row) => idOfRow(joined, row))).toEqual(["g0-0", "g1-0", "g1-1", "g0-1"]);
  expect([...joined.columns.client]).toEqual([0, 2, 2, 0]);
  expect([...joined.columns.brokerRequestInNs]).toEqual([Number.NaN, 5, Number.NaN, Number.NaN]);
  for (const column of COLUMNS) expect(joined.columns[column]).toHaveLength(4);
});

test("closed loops add their requests outstanding, windows reach from the first to the last", () => {
  const parts = [1, 2].map((concurrency, index) => ({
    ...recordOf([], `g${index}-`),
    concurrency,
    windowStartNs: START_NS + index,
    windowEndNs: START_NS + 10 - index,
    aborted: index === 1,
    lateAnswers: 2,
    duplicateAnswers: index,
  }));
  expect(joinRecords(parts, [1, 1])).toMatchObject({
    concurrency: 3,
    windowStartNs: START_NS,
    windowEndNs: START_NS + 10,
    aborted: true,
    lateAnswers: 4,
    duplicateAnswers: 1,
  });
});

test("requests in flight add up, however often each generator counted its own", () => {
  const withSamples = (index: number, requests: readonly number[]): RunRecord => ({
    ...recordOf([], `g${index}-`),
    inFlight: {
      atNs: Float64Array.from(requests, (_, at) => START_NS + at * 10 + index),
      requests: Float64Array.from(requests),
    },
  });
  const { inFlight } = joinRecords([withSamples(0, [1, 3]), withSamples(1, [4, 5, 6, 5])], [1, 1]);
  const mean = (inFlight?.requests ?? new Float64Array()).reduce((sum, value) => sum + value, 0) / 6;
  expect(mean).toBeCloseTo(2 + 5, 12);
  expect([...(inFlight?.atNs ?? [])]).toEqual([...(inFlight?.atNs ?? [])].toSorted((a, b) => a - b));
  expect(joinRecords([withSamples(0, [1]), recordOf([], "g1-")], [1, 1]).inFlight).toBeUndefined();
});

test("costs add where they add, of the rest the worst counts", () => {
  const cost = (value: number) => ({
    cpuMs: value,
    peakRssMb: value,
    eventLoopDelayP99Ms: value,
    eventLoopUtilization: value / 10,
    runQueueWaitMs: value,
    spinMs: value,
  });
  expect(joinCosts([cost(3), cost(4)])).toMatchObject({
    cpuMs: 7,
    peakRssMb: 7,
    eventLoopDelayP99Ms: 4,
    eventLoopUtilization: 0.4,
    runQueueWaitMs: 4,
    spinMs: 7,
  });
  const one = cost(2);
  expect(joinCosts([one])).toBe(one);
});

test("numbers are dealt out whole, and differ by one at most", () => {
  expect(dealOut(10, 4)).toEqual([3, 3, 2, 2]);
  expect(() => dealOut(3, 4)).toThrow(RangeError);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 0, max: 5000 }), (parts, more) => {
      const dealt = dealOut(parts + more, parts);
      expect(dealt.reduce((sum, part) => sum + part, 0)).toBe(parts + more);
      expect(Math.max(...dealt) - Math.min(...dealt)).toBeLessThanOrEqual(1);
    }),
  );
});

test("of generators that kept their first requests only, the time that all of them recorded counts", () => {
  // One sends ten times as much as the other, and both have 20 rows.
  const part = (index: number, gapUs: number, count: number): RunRecord => {
    const recorder = createRecorder({ clockId: "ours", maxRecorded: 20 });
    for (let request = 0; request < count; request += 1) {
      const intended = START_NS + request * gapUs * 1e3;
      const seq = recorder.scheduled(0, intended);
      recorder.started(seq, 0, intended);
      recorder.answered(seq, intended + 1e5);
    }
    const frame = {
      idPrefix: `g${index}-`,
      windowStartNs: START_NS,
      windowEndNs: START_NS + 1e9,
      timeoutMs: 100,
    };
    return recorder.finish({ ...frame, aborted: false });
  };
  const joined = joinRecords([part(0, 1_000, 1_000), part(1, 10_000, 100)], [1, 1]);
  expect(recordedWindow(joined)).toEqual({ startNs: START_NS, endNs: START_NS + 19e6 });
  expect(recordedWindow(joinRecords([part(0, 1_000, 10), part(1, 10_000, 100)], [1, 1])).endNs).toBe(
    START_NS + 190e6,
  );
  expect(recordedWindow(joinRecords([part(0, 1_000, 10), part(1, 10_000, 10)], [1, 1])).endNs).toBe(
    START_NS + 1e9,
  );
});
