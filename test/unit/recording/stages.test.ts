import { expect, test } from "vitest";
import { joinBrokerMarks } from "../../../src/recording/broker-marks.ts";
import { summarise } from "../../../src/recording/figures.ts";
import { madeRun, START_NS, steadyRun, timingAt } from "./made-run.ts";

const FULL = { quick: false };

test("on one clock the stages and what they leave unaccounted add up to the service time", () => {
  const figures = summarise([madeRun(steadyRun(400))], FULL);
  expect(figures.clock).toBe("one");
  expect(
    Object.fromEntries(Object.entries(figures.stages).map(([name, stage]) => [name, stage.meanMs])),
  ).toEqual({
    encode: 1,
    uplink: 1,
    downlink: 1,
    server_decode: 1,
    queue: 1,
    infer: 3,
    server_encode: 1,
    client_decode: 1,
  });
  expect(figures.unaccountedMeanMs).toBe(0);
  expect(figures.service.meanMs).toBe(10);
  expect(figures.stages.infer?.p99Ms).toBeCloseTo(3, 2);
});

test("what no stage covers is unaccounted, below zero too", () => {
  const timing = timingAt(START_NS + 1e6, 2e6);
  const missing = madeRun([{ intendedMs: 0, timing: { ...timing, outNs: timing.outNs + 1e6 } }]);
  expect(summarise([missing], FULL).unaccountedMeanMs).toBe(1);
  const doubled = madeRun([
    { intendedMs: 0, timing: { ...timing, outNs: timing.outNs + 1e6, queueNs: 4e6 } },
  ]);
  const figures = summarise([doubled], FULL);
  expect(figures.unaccountedMeanMs).toBe(-2);
  expect(figures.unaccountedP50Ms).toBeCloseTo(-2, 2);
});

test("the broker's marks split uplink and downlink; the whole stays the same", () => {
  const record = madeRun(steadyRun(20));
  const { sentNs, receivedNs } = record.columns;
  const marks = Array.from({ length: 20 }, (_, seq) => ({
    requestId: `r-${seq}`,
    requestInNs: sentNs[seq]! + 0.2e6,
    requestOutNs: sentNs[seq]! + 0.5e6,
    responseInNs: receivedNs[seq]! - 0.6e6,
    responseOutNs: receivedNs[seq]! - 0.4e6,
  }));
  expect(joinBrokerMarks(record, marks)).toBe(20);
  const { stages, unaccountedMeanMs } = summarise([record], FULL);
  expect(stages.uplink?.meanMs).toBeCloseTo(0.7, 6);
  expect(stages.broker?.meanMs).toBeCloseTo(0.5, 6);
  expect(stages.downlink?.meanMs).toBeCloseTo(0.8, 6);
  expect(unaccountedMeanMs).toBeCloseTo(0, 6);
});

test("a broker that told too little leaves uplink whole", () => {
  const record = madeRun(steadyRun(20));
  const mark = { requestInNs: 1, requestOutNs: 2, responseInNs: 3, responseOutNs: 4 };
  joinBrokerMarks(record, [{ requestId: "r-0", ...mark }]);
  const { stages } = summarise([record], FULL);
  expect(stages.broker).toBeUndefined();
  expect(stages.uplink?.meanMs).toBe(1);
});

test("on two clocks there is a transport residual and no uplink, downlink or unaccounted", () => {
  const timing = { ...timingAt(123, 3e6, "another host") };
  const figures = summarise([madeRun([{ intendedMs: 0, timing }])], FULL);
  expect(figures.clock).toBe("several");
  expect(figures.stages.uplink).toBeUndefined();
  expect(figures.unaccountedMeanMs).toBeUndefined();
  expect(figures.transportResidualMeanMs).toBe(2);
  expect(figures.stages.infer?.meanMs).toBe(3);
});

test("a foreign server without marks leaves its columns empty", () => {
  const figures = summarise([madeRun([{ intendedMs: 0, timing: "none" }])], FULL);
  expect(Object.keys(figures.stages)).toEqual(["encode", "client_decode"]);
  expect(figures.transportResidualMeanMs).toBeUndefined();
});

test("retrieve is told per frame and is outside the service time", () => {
  const figures = summarise([madeRun(steadyRun(4))], { ...FULL, retrieveNs: [5e6] });
  expect(figures.stages.retrieve?.meanMs).toBe(5);
  expect(figures.unaccountedMeanMs).toBe(0);
});

test("client work is a stage of its own only where it exists", () => {
  const record = madeRun([{ intendedMs: 0 }]);
  record.columns.preprocessedNs[0] = START_NS + 0.25e6;
  record.columns.decodedNs[0] = START_NS + 9.5e6;
  const { stages, unaccountedMeanMs } = summarise([record], FULL);
  expect(stages.client_preprocess?.meanMs).toBe(0.25);
  expect(stages.encode?.meanMs).toBe(0.75);
  expect(stages.client_decode?.meanMs).toBe(0.5);
  expect(stages.client_postprocess?.meanMs).toBe(0.5);
  expect(unaccountedMeanMs).toBe(0);
});

test("failed requests are in no stage", () => {
  const figures = summarise(
    [madeRun([{ intendedMs: 0 }, { intendedMs: 1, status: "INTERNAL", serviceMs: 400 }])],
    FULL,
  );
  expect(figures.stageRequests).toBe(1);
  expect(figures.stageServiceMeanMs).toBe(10);
});
