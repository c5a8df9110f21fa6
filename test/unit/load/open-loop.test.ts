import { expect, test } from "vitest";
import { TransportError } from "../../../src/core/errors.ts";
import { runOpenLoop } from "../../../src/load/open-loop.ts";
import { constantSchedule } from "../../../src/load/schedule.ts";
import { madeClient, madeClock, madeContext, turns } from "./made-context.ts";

const HALF_MS = constantSchedule({ ratePerSec: 2000, requests: 30 });

test("requests start at their scheduled times, however long the ones before take", async () => {
  const clock = madeClock();
  const client = madeClient(async () => {
    await turns(3000);
    return {};
  });
  const record = await runOpenLoop(madeContext(clock, { clients: [client] }), {
    ...HALF_MS,
    maxInFlight: 100,
    whenBusy: "drop-new",
  });
  const { intendedNs, startNs, doneNs } = record.columns;
  expect(record.rows).toBe(30);
  for (let seq = 0; seq < 30; seq += 1) {
    expect(intendedNs[seq]! - record.windowStartNs).toBe(HALF_MS.offsetsNs[seq]);
    expect(startNs[seq]! - intendedNs[seq]!).toBeGreaterThanOrEqual(0);
    expect(startNs[seq]! - intendedNs[seq]!).toBeLessThan(0.3e6);
  }
  expect(startNs[20]).toBeLessThan(doneNs[0]!);
  expect(record.windowEndNs - record.windowStartNs).toBe(15e6);
  expect(record.concurrency).toBeUndefined();
});

test("a stall of the generator moves no intended time, and what was missed is sent at once", async () => {
  const clock = madeClock();
  const record = await runOpenLoop(
    madeContext(clock, {
      prepare: (_frame, id) => {
        if (id === "t-5") clock.advance(5e6);
        return { request: { modelName: "null", id, inputs: [] } };
      },
    }),
    { ...HALF_MS, maxInFlight: 100, whenBusy: "drop-new" },
  );
  const { intendedNs, startNs } = record.columns;
  expect(intendedNs[6]! - record.windowStartNs).toBe(3e6);
  expect(startNs[6]! - intendedNs[6]!).toBeGreaterThan(4e6);
  expect(startNs[29]! - intendedNs[29]!).toBeLessThan(0.3e6);
});

test("arrivals that find the limit reached are dropped rows", async () => {
  const clock = madeClock();
  const waiting: (() => void)[] = [];
  const client = madeClient(async (request) => {
    if (request.id === "t-9") for (const wake of waiting.splice(0)) wake();
    else await new Promise<void>((resolve) => waiting.push(resolve));
    return {};
  });
  const run = runOpenLoop(madeContext(clock, { clients: [client] }), {
    ...constantSchedule({ ratePerSec: 2000, requests: 8 }),
    maxInFlight: 3,
    whenBusy: "drop-new",
  });
  await turns(2000);
  for (const wake of waiting) wake();
  const record = await run;
  expect([...record.columns.dropped]).toEqual([0, 0, 0, 1, 1, 1, 1, 1]);
  expect(record.columns.startNs[3]).toBeNaN();
  expect(record.rows).toBe(8);
});

test("after the last start the run waits until everything has ended", async () => {
  const clock = madeClock();
  let ended = 0;
  const client = madeClient(async () => {
    await turns(200);
    ended += 1;
    if (ended % 2 === 0) throw new TransportError("DEADLINE_EXCEEDED", "slow");
    return {};
  });
  const record = await runOpenLoop(madeContext(clock, { clients: [client] }), {
    ...constantSchedule({ ratePerSec: 2000, requests: 6 }),
    maxInFlight: 100,
    whenBusy: "drop-new",
  });
  expect(ended).toBe(6);
  expect(record.failures).toEqual([{ status: "DEADLINE_EXCEEDED", count: 3, firstMessage: "slow" }]);
});

test("the client with the fewest in flight is taken, and idle ones take turns", async () => {
  const clock = madeClock();
  const stuck = madeClient(async () => {
    await turns(1000);
    return {};
  });
  const quick = madeClient(async () => ({}));
  const record = await runOpenLoop(madeContext(clock, { clients: [stuck, quick, quick] }), {
    ...constantSchedule({ ratePerSec: 2000, requests: 9 }),
    maxInFlight: 100,
    whenBusy: "drop-new",
  });
  expect([...record.columns.client]).toEqual([0, 1, 2, 1, 2, 1, 2, 1, 2]);
});

test("an aborted signal ends the run", async () => {
  const controller = new AbortController();
  const client = madeClient(async (request) => {
    if (request.id === "t-4") controller.abort(new TransportError("CANCELLED", "stop"));
    return {};
  });
  const record = await runOpenLoop(
    madeContext(madeClock(), { clients: [client], signal: controller.signal }),
    {
      ...constantSchedule({ ratePerSec: 2000, durationMs: 60_000 }),
      maxInFlight: 100,
      whenBusy: "drop-new",
    },
  );
  expect(record.rows).toBe(5);
  expect(record.aborted).toBe(true);
});

test("a check that throws ends the run with that", async () => {
  const check = (): never => {
    throw new Error("check is broken");
  };
  const run = runOpenLoop(madeContext(madeClock(), { check }), {
    ...HALF_MS,
    maxInFlight: 9,
    whenBusy: "drop-new",
  });
  await expect(run).rejects.toThrow("check is broken");
});
