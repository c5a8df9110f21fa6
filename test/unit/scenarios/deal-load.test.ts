import { expect, test } from "vitest";
import { dealLoad, dealProblem } from "../../../src/scenarios/deal-load.ts";
import type { LoadSpec } from "../../../src/scenarios/load-spec.ts";
import type { GeneratorStart } from "../../../src/scenarios/processes/commands.ts";

const COMMON = { timeoutMs: 1000, warmup: { kind: "auto" }, seed: 1, durationMs: 1000 } as const;
const CLOSED: LoadSpec = { ...COMMON, scenario: "closed-loop", concurrency: 5, requests: 11 };
const OPEN: LoadSpec = {
  ...COMMON,
  scenario: "open-loop",
  arrivals: { kind: "constant", ratePerSec: 10 },
  vehicles: 1,
  perVehicle: false,
  maxInFlight: 7,
  whenBusy: "queue",
};

function startOf(load: LoadSpec, connections = 5): GeneratorStart {
  return {
    transport: "http",
    encoding: "binary",
    placement: "server",
    model: "null",
    core: { models: ["null"], repository: "models", device: "cpu", instances: 1 },
    warm: [],
    frames: { input: "synthetic", synthetic: { kind: "bytes", bytes: 8 }, seed: 1 },
    load,
    connections,
    tuning: "tuned",
    qos: 0,
    maxPayloadBytes: 100,
    idPrefix: "0-",
    part: { index: 0, of: 1 },
    recording: {},
  };
}

test("requests outstanding, requests and connections of a closed loop are dealt out", () => {
  const starts = dealLoad(startOf(CLOSED), 2);
  expect(starts.map(({ load }) => load)).toMatchObject([
    { concurrency: 3, requests: 6 },
    { concurrency: 2, requests: 5 },
  ]);
  expect(starts.map(({ connections, idPrefix, part }) => [connections, idPrefix, part])).toEqual([
    [3, "0-g0-", { index: 0, of: 2 }],
    [2, "0-g1-", { index: 1, of: 2 }],
  ]);
});

test("of an open loop the in-flight limit is, and each generator takes its part of the schedule", () => {
  expect(dealLoad(startOf(OPEN), 3).map(({ load }) => load)).toMatchObject([
    { maxInFlight: 3, arrivals: { ratePerSec: 10 } },
    { maxInFlight: 2 },
    { maxInFlight: 2 },
  ]);
});

test("one generator has everything as it is", () => {
  const start = startOf(CLOSED);
  expect(dealLoad(start, 1)).toEqual([start]);
});

test.each([
  [
    "more than are outstanding",
    { ...CLOSED, concurrency: 2 },
    5,
    "at least as many --concurrency, there are 2",
  ],
  ["more than there are connections", CLOSED, 2, "at least as many --connections, there are 2"],
  ["more than may be in flight", { ...OPEN, maxInFlight: 1 }, 5, "--max-in-flight, there are 1"],
  ["a connection of each vehicle", { ...OPEN, perVehicle: true }, 5, "a connection of every vehicle"],
  [
    "queries of several samples",
    { ...COMMON, scenario: "multi-stream", samplesPerQuery: 8 } as const,
    8,
    "multi-stream",
  ],
])("%s: refused in words", (_what, load, connections, words) => {
  const start = startOf(load as LoadSpec, connections);
  expect(dealProblem(start, 3)).toContain(words);
  expect(() => dealLoad(start, 3)).toThrow(words);
  expect(dealProblem(start, 1)).toBeUndefined();
});

test("rows are dealt out, so that several keep as many as one", () => {
  const rowsOf = (maxRecorded: number | undefined, generators: number) =>
    dealLoad({ ...startOf(OPEN), recording: { maxRecorded, deadlineMs: 5 } }, generators).map(
      ({ recording }) => recording,
    );
  expect(rowsOf(5, 2)).toEqual([
    { maxRecorded: 3, deadlineMs: 5 },
    { maxRecorded: 2, deadlineMs: 5 },
  ]);
  expect(rowsOf(undefined, 2).map(({ maxRecorded }) => maxRecorded)).toEqual([1_000_000, 1_000_000]);
  expect(rowsOf(1, 2).map(({ maxRecorded }) => maxRecorded)).toEqual([1, 1]);
});
