import fc from "fast-check";
import { expect, test } from "vitest";
import { TransportError } from "../../../src/core/errors.ts";
import type { FailureStatus } from "../../../src/core/status.ts";
import { joinBrokerMarks } from "../../../src/recording/broker-marks.ts";
import { quantiles } from "../../../src/recording/distribution.ts";
import { createRecorder } from "../../../src/recording/recorder.ts";
import { recordingNotes } from "../../../src/recording/recording-notes.ts";
import type { RunRecord } from "../../../src/recording/run-record.ts";
import type { RunTally } from "../../../src/recording/run-tally.ts";
import { tallyRun } from "../../../src/recording/tally.ts";
import { timingAt } from "./made-run.ts";

interface Request {
  readonly gapUs: number;
  readonly lateUs: number;
  readonly serviceUs: number;
  readonly outcome: "ok" | "dropped" | FailureStatus;
}

const request = fc.record({
  gapUs: fc.integer({ min: 0, max: 5_000 }),
  lateUs: fc.integer({ min: 0, max: 3_000 }),
  serviceUs: fc.integer({ min: 1, max: 40_000 }),
  outcome: fc.constantFrom("ok", "ok", "ok", "dropped", "UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED"),
}) as fc.Arbitrary<Request>;

const START_NS = 7e12;

/** Requests that overlap, recorded in the order of what happens. */
function recorded(requests: readonly Request[], maxRecorded: number, aborted: boolean): RunRecord {
  const recorder = createRecorder({ clockId: "ours", maxRecorded, deadlineMs: 20 });
  let intendedNs = START_NS;
  const events: { readonly at: number; readonly happen: () => void }[] = [];
  for (const { gapUs, lateUs, serviceUs, outcome } of requests) {
    intendedNs += gapUs * 1e3;
    const intended = intendedNs;
    const start = intended + lateUs * 1e3;
    const done = start + serviceUs * 1e3;
    let seq = -1;
    events.push({
      at: intended,
      happen: () => {
        seq = recorder.scheduled(0, intended);
        if (outcome === "dropped") recorder.dropped(seq);
      },
    });
    if (outcome === "dropped") continue;
    events.push({ at: start, happen: () => recorder.started(seq, 0, start) });
    events.push({
      at: done,
      happen: () => {
        const marks = { sentNs: start, receivedNs: done, requestPayloadBytes: 10, responsePayloadBytes: 3 };
        recorder.travelled(seq, marks);
        if (outcome !== "ok") {
          recorder.failed(seq, new TransportError(outcome, "no"), done);
          return;
        }
        recorder.timed(seq, timingAt(start, 1, "ours"));
        recorder.answered(seq, done);
      },
    });
  }
  for (const { happen } of events.toSorted((a, b) => a.at - b.at)) happen();
  return recorder.finish({
    idPrefix: "r-",
    windowStartNs: START_NS,
    windowEndNs: START_NS + 60e6,
    timeoutMs: 1000,
    aborted,
  });
}

const COUNTS = [
  "requests",
  "ok",
  "failed",
  "timedOut",
  "dropped",
  "lateStarts",
  "completed",
  "completedInTime",
  "requestPayloadBytes",
  "responsePayloadBytes",
] as const satisfies readonly (keyof RunTally)[];

test("whatever part of the requests has rows, counts and distributions are those of all", () => {
  fc.assert(
    fc.property(
      fc.array(request, { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 0, max: 40 }),
      fc.boolean(),
      (requests, limit, aborted) => {
        const whole = tallyRun(recorded(requests, 1000, aborted), { deadlineMs: 20 });
        const record = recorded(requests, limit, aborted);
        expect(record.rows).toBe(Math.min(limit, requests.length));
        const part = tallyRun(record, { deadlineMs: 20 });
        for (const name of COUNTS) expect(part[name], name).toBe(whole[name]);
        expect(part.failures).toEqual(whole.failures);
        for (const name of ["response", "okResponse", "service", "sendLateness"] as const) {
          const { count, infinite, sumNs, minNs, maxNs } = whole[name];
          expect(part[name], name).toMatchObject({ count, infinite, sumNs, minNs, maxNs });
          expect(part[name].squaresNs2).toBeCloseTo(whole[name].squaresNs2, -3);
          for (const perMille of [10, 500, 990]) {
            expect(quantiles(part[name])(perMille)).toEqual(quantiles(whole[name])(perMille));
          }
        }
      },
    ),
    { numRuns: 60 },
  );
});

test("failures in a row at the end are counted over the limit", () => {
  const gone = { gapUs: 1000, lateUs: 0, serviceUs: 10, outcome: "UNAVAILABLE" } as const;
  const good = { ...gone, outcome: "ok" } as const;
  expect(tallyRun(recorded([good, gone, gone, gone], 2, false)).unansweredAtEnd).toBe(3);
  expect(tallyRun(recorded([gone, good, gone], 1, false)).unansweredAtEnd).toBe(1);
});

test("a report says how many requests were recorded one by one, and what one takes", () => {
  const good = { gapUs: 1000, lateUs: 0, serviceUs: 10, outcome: "ok" } as const;
  const all = recordingNotes(recorded([good, good, good], 1000, false));
  expect(all).toEqual(["recording took 105 bytes of the generator's memory per request"]);
  expect(recordingNotes(recorded([good, good, good], 2, false))[1]).toMatch(
    /^2 of 3 requests .* vehicles and multi-stream's queries are of these/,
  );
});

test("a report says when the broker lost count, and when answers came twice", () => {
  const good = { gapUs: 1000, lateUs: 0, serviceUs: 10, outcome: "ok" } as const;
  const marked = (count: number): readonly string[] => {
    const record = recorded(Array(100).fill(good), 1000, false);
    const marks = Array.from({ length: count }, (_, seq) => ({
      requestId: `r-${seq}`,
      requestInNs: 1,
      requestOutNs: 2,
      responseInNs: 3,
      responseOutNs: 4,
    }));
    joinBrokerMarks(record, marks);
    return recordingNotes(record).slice(1);
  };
  expect(marked(0)).toEqual([]);
  expect(marked(100)).toEqual([]);
  expect(marked(97)).toEqual(["the broker or relay marked 97 of 100 answered requests: stages are of these"]);
  expect(marked(50)[0]).toMatch(/50 of 100 .*: its time is within uplink and downlink$/);
  const twice = { ...recorded([good], 1000, false), duplicateAnswers: 3 };
  expect(recordingNotes(twice).at(-1)).toMatch(/^3 answers came again/);
  expect(recordingNotes({ ...twice, duplicateAnswers: 0 })).toHaveLength(1);
});

test("the memory of a run is taken before it, and nothing is added while it goes on", () => {
  const rows = 100_000;
  const recorder = createRecorder({ clockId: "ours", capacity: rows });
  const before = process.memoryUsage().arrayBuffers;
  for (let index = 0; index < rows; index += 1) {
    const seq = recorder.scheduled(0, START_NS + index);
    recorder.started(seq, 0, START_NS + index);
    recorder.timed(seq, timingAt(START_NS, 1, "ours"));
    recorder.answered(seq, START_NS + index + 5);
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200_000);
});

test("beyond the limit nothing is added either", () => {
  const recorder = createRecorder({ clockId: "ours", maxRecorded: 4096 });
  const add = (count: number): void => {
    for (let index = 0; index < count; index += 1) {
      const seq = recorder.scheduled(0, START_NS + index);
      recorder.started(seq, 0, START_NS + index);
      recorder.answered(seq, START_NS + index + 5);
    }
  };
  add(5000);
  const before = process.memoryUsage().arrayBuffers;
  add(200_000);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200_000);
});

test("requests that are given up for ever do not fill the memory", () => {
  const recorder = createRecorder({ clockId: "ours" });
  for (let index = 0; index < 200_000; index += 1) {
    recorder.watchLate({
      sentNs: 1,
      receivedNs: index % 1000 === 0 ? 9 : 0,
      requestPayloadBytes: 0,
      responsePayloadBytes: 0,
    });
  }
  const frame = { idPrefix: "", windowStartNs: 0, windowEndNs: 1, timeoutMs: 1, aborted: false };
  expect(recorder.finish(frame).lateAnswers).toBe(200);
});
