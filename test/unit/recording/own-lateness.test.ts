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
  expect([...ownLateness(madeRun(WAITED), 1)]).toEqual([0, 2e6, 3e6]);
  expect([...ownLateness(madeRun(WAITED), undefined)]).toEqual([0, 42e6, 3e6]);
});

test("only answers of the same vehicle give a place", () => {
  const record = madeRun(WAITED);
  const columns = { ...record.columns, vehicle: Float64Array.of(0, 1, 0) };
  expect([...ownLateness({ ...record, columns }, 1)]).toEqual([0, 42e6, 3e6]);
});

test("a request that had a place all the time was late by the generator's fault, though answers came before it", () => {
  // The event loop stands still from 5 to 40 ms and then takes in the answer that lies there first.
  const stalled = madeRun([
    { intendedMs: 0, serviceMs: 40 },
    { intendedMs: 10, lateMs: 31 },
    { intendedMs: 20, lateMs: 21 },
  ]);
  expect([...ownLateness(stalled, 256)]).toEqual([0, 31e6, 21e6]);
});

test("what only the generator's delay piled up did not have to wait", () => {
  // Two places are enough for 5 ms of work every 10 ms, but nothing was started before 100 ms.
  const piledUp = madeRun([
    { intendedMs: 0, lateMs: 100, serviceMs: 5 },
    { intendedMs: 10, lateMs: 90, serviceMs: 5 },
    { intendedMs: 20, lateMs: 85, serviceMs: 5 },
    { intendedMs: 30, lateMs: 75, serviceMs: 5 },
  ]);
  expect([...ownLateness(piledUp, 2)]).toEqual([100e6, 90e6, 85e6, 75e6]);
});

test("what is due at one moment has to wait for what was due with it", () => {
  const burst = madeRun([0, 0, 10, 11].map((lateMs) => ({ intendedMs: 0, lateMs, serviceMs: 10 })));
  expect([...ownLateness(burst, 2)]).toEqual([0, 0, 0, 1e6]);
});

test("a place is free when one of those that are out ends, however long the others take", () => {
  const record = madeRun([
    { intendedMs: 0, serviceMs: 90 },
    { intendedMs: 0, serviceMs: 20 },
    { intendedMs: 10, lateMs: 13, serviceMs: 50 },
    { intendedMs: 11, lateMs: 64, serviceMs: 5 },
  ]);
  expect([...ownLateness(record, 2)]).toEqual([0, 0, 3e6, 2e6]);
});

test("several generators have their shares of the limit", () => {
  const record = {
    ...madeRun([
      { intendedMs: 0, serviceMs: 50 },
      { intendedMs: 1, lateMs: 5, serviceMs: 50 },
      { intendedMs: 2, lateMs: 48 },
    ]),
    origin: {
      idPrefixes: ["g0-", "g1-"],
      generator: Uint8Array.of(0, 1, 0),
      seq: Uint32Array.of(0, 0, 1),
    },
  };
  expect([...ownLateness(record, 2)]).toEqual([0, 5e6, 0]);
});
