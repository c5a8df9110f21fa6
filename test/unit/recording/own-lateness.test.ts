import { expect, test } from "vitest";
import { ownLateness } from "../../../src/recording/own-lateness.ts";
import { madeRun } from "./made-run.ts";

const WAITED = [
  { intendedMs: 0, serviceMs: 50 },
  // Waited for the first, then started 2 ms after its answer.
  { intendedMs: 10, lateMs: 42, serviceMs: 20 },
  // Nothing was out.
  { intendedMs: 100, lateMs: 3 },
];

test("waiting for a place is not the generator's fault, where arrivals wait", () => {
  expect([...ownLateness(madeRun(WAITED), true)]).toEqual([0, 2e6, 3e6]);
  expect([...ownLateness(madeRun(WAITED), false)]).toEqual([0, 42e6, 3e6]);
});

test("only answers of the same vehicle give a place", () => {
  const record = madeRun(WAITED);
  const columns = { ...record.columns, vehicle: Float64Array.of(0, 1, 0) };
  expect([...ownLateness({ ...record, columns }, true)]).toEqual([0, 42e6, 3e6]);
});
