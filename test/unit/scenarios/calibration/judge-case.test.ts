import { describe, expect, it } from "vitest";
import { createRecorder } from "../../../../src/recording/recorder.ts";
import type { RunRecord } from "../../../../src/recording/run-record.ts";
import { judgeCase } from "../../../../src/scenarios/calibration/judge-case.ts";
import { predictResponses } from "../../../../src/scenarios/calibration/predict-responses.ts";

const MS = 1e6;
const IDLE = 4;

/** A run whose responses are exactly what a queue gives, but for `errorsMs`. */
function madeRun(errorsMs: readonly number[] = [], pathMs = 0.4): RunRecord {
  const intendedMs = [0, 20, 40, 60, 80, 82, 84, 100, 120, 121];
  const serviceMs = [5, 5, 5, 5, 5, 6, 7, 5, 5, 5];
  const responses = predictResponses({
    intendedNs: intendedMs.map((ms) => ms * MS),
    serviceNs: serviceMs.map((ms) => ms * MS),
    pathNs: pathMs * MS,
  });
  const recorder = createRecorder({ clockId: "c" });
  for (const [index, at] of intendedMs.entries()) {
    const intendedNs = 7e12 + at * MS;
    const seq = recorder.scheduled(0, intendedNs);
    recorder.started(seq, 0, intendedNs);
    const sentNs = intendedNs + 1_000;
    const inNs = intendedNs + 0.1 * MS;
    const doneNs = intendedNs + responses[index]! + (errorsMs[index] ?? 0) * MS;
    recorder.travelled(seq, { sentNs, receivedNs: doneNs, requestPayloadBytes: 1, responsePayloadBytes: 1 });
    const rest = {
      clockId: "c",
      preprocessNs: undefined,
      postprocessNs: undefined,
      decodeNs: 0,
      encodeNs: 0,
    };
    recorder.timed(seq, { ...rest, inNs, outNs: doneNs, queueNs: 0, inferNs: serviceMs[index]! * MS });
    recorder.answered(seq, doneNs);
  }
  return recorder.finish({
    idPrefix: "",
    windowStartNs: 7e12,
    windowEndNs: 7e12 + 200 * MS,
    timeoutMs: 1_000,
    aborted: false,
  });
}

describe("judgeCase", () => {
  it("finds the path's cost in the idle requests and no error where there is none", () => {
    const judged = judgeCase(madeRun(), IDLE);
    expect(judged).toMatchObject({ requests: 6, outOfOrder: 0 });
    expect(judged.failure).toBeUndefined();
    expect(judged.pathMs).toBeCloseTo(0.4, 6);
    expect(judged.error.maxMs).toBeLessThan(1e-5);
    expect(judged.predicted.maxMs).toBeCloseTo(14.4, 6);
  });

  it("shows each request's error, whichever way it goes, and keeps it out of the prediction", () => {
    const judged = judgeCase(madeRun([0, 0, 0, 0, 0, 0.25, 0, -2]), IDLE);
    expect(judged.error.maxMs).toBeCloseTo(2, 5);
    expect(judged.predicted.maxMs).toBeCloseTo(14.4, 6);
    expect(judged.pathMs).toBeCloseTo(0.4, 6);
  });

  it("does not let the judged requests move the constant", () => {
    const errors = [0, 0, 0, 0, 1, 1, 1, 1, 1, 1];
    expect(judgeCase(madeRun(errors), IDLE).error.p50Ms).toBeCloseTo(1, 5);
  });

  it("takes the path from requests that found no queue only, and says so when there are too few", () => {
    const record = madeRun();
    // The first works for longer than the gap to the second, and for longer than that to the fourth.
    record.columns.inferNs[0] = 25 * MS;
    expect(judgeCase(record, IDLE).failure).toBeUndefined();
    record.columns.inferNs[0] = 75 * MS;
    expect(judgeCase(record, IDLE).failure).toMatch(/found a queue/);
  });

  it("judges nothing when a request failed", () => {
    const record = madeRun();
    record.columns.status[8] = 4;
    const judged = judgeCase(record, IDLE);
    expect(judged.failure).toBe("1 of 10 requests failed or were dropped");
    expect(judged.requests).toBe(0);
  });

  it("counts those that reached the server before an earlier one", () => {
    const record = madeRun();
    record.columns.serverInNs[5] = record.columns.serverInNs[6]! + 1;
    expect(judgeCase(record, IDLE).outOfOrder).toBe(1);
  });
});
