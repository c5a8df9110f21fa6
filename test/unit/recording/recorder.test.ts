import { expect, test } from "vitest";
import { TransportError } from "../../../src/core/errors.ts";
import { createMarks } from "../../../src/core/transport.ts";
import { createRecorder } from "../../../src/recording/recorder.ts";
import { COLUMNS } from "../../../src/recording/run-record.ts";
import { OUR_CLOCK, timingAt } from "./made-run.ts";

const FRAME = { idPrefix: "a-", windowStartNs: 1, windowEndNs: 2, timeoutMs: 5, aborted: false };

test("rows beyond the capacity keep their values over blocks", () => {
  const recorder = createRecorder({ capacity: 10, clockId: OUR_CLOCK });
  for (let seq = 0; seq < 10_000; seq += 1) {
    expect(recorder.scheduled(seq % 7, seq * 10)).toBe(seq);
    recorder.started(seq, seq % 3, seq * 10 + 1);
    recorder.answered(seq, seq * 10 + 5);
  }
  const { rows, columns } = recorder.finish(FRAME);
  expect(rows).toBe(10_000);
  for (const column of COLUMNS) expect(columns[column]).toHaveLength(10_000);
  for (const seq of [0, 4095, 4096, 8191, 8192, 9999]) {
    expect(columns.frame[seq]).toBe(seq % 7);
    expect(columns.client[seq]).toBe(seq % 3);
    expect(columns.intendedNs[seq]).toBe(seq * 10);
    expect(columns.doneNs[seq]).toBe(seq * 10 + 5);
    expect(columns.status[seq]).toBe(0);
    expect(columns.sentNs[seq]).toBeNaN();
  }
});

test("outcomes are counted, with the first message of each status", () => {
  const recorder = createRecorder({ clockId: OUR_CLOCK });
  const fail = (reason: unknown): void => {
    const seq = recorder.scheduled(0, 0);
    recorder.started(seq, 0, 1);
    recorder.failed(seq, reason, 2);
  };
  fail(new TransportError("UNAVAILABLE", "refused"));
  fail(new TransportError("UNAVAILABLE", "reset"));
  fail(new TransportError("DEADLINE_EXCEEDED", "slow"));
  fail(new Error("broken"));
  recorder.dropped(recorder.scheduled(0, 0));
  expect(recorder.counts).toEqual({ requests: 5, ok: 0, failed: 3, timedOut: 1, dropped: 1 });
  expect(recorder.finish(FRAME).failures).toEqual([
    { status: "UNAVAILABLE", count: 2, firstMessage: "refused" },
    { status: "DEADLINE_EXCEEDED", count: 1, firstMessage: "slow" },
    { status: "INTERNAL", count: 1, firstMessage: "broken" },
  ]);
});

test("an answer that came after its request was given up is late", () => {
  const recorder = createRecorder({ clockId: OUR_CLOCK });
  const early = createMarks();
  const never = createMarks();
  recorder.watchLate(early);
  recorder.watchLate(never);
  early.receivedNs = 12;
  expect(recorder.finish(FRAME).lateAnswers).toBe(1);
});

test("marks that were not taken are absent, and a server's clock is told from ours", () => {
  const recorder = createRecorder({ clockId: OUR_CLOCK });
  for (const clockId of [OUR_CLOCK, "other"]) {
    const seq = recorder.scheduled(0, 0);
    recorder.travelled(seq, { ...createMarks(), sentNs: 7 });
    recorder.timed(seq, timingAt(7, 3, clockId));
  }
  const { columns } = recorder.finish(FRAME);
  expect([...columns.sentNs]).toEqual([7, 7]);
  expect([...columns.receivedNs]).toEqual([Number.NaN, Number.NaN]);
  expect([...columns.sameClock]).toEqual([1, 0]);
  expect(columns.preprocessNs[0]).toBeNaN();
});

test("a record crosses process boundaries as it is", () => {
  const recorder = createRecorder({ clockId: OUR_CLOCK });
  recorder.dropped(recorder.scheduled(3, 4));
  const record = recorder.finish(FRAME);
  expect(structuredClone(record)).toEqual(record);
});

test("columns that were first written beyond the first rows are known as written", () => {
  const recorder = createRecorder({ clockId: OUR_CLOCK, expected: [] });
  for (let index = 0; index < 4097; index += 1) recorder.started(recorder.scheduled(0, index), 0, index);
  recorder.preprocessed(4096, 5000);
  expect(recorder.written).toContain("preprocessedNs");
  expect(recorder.written).not.toContain("serverInNs");
});
