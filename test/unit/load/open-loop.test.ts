import { expect, test } from "vitest";
import { WHEN_BUSY, type WhenBusy } from "../../../src/core/cell.ts";
import { TransportError } from "../../../src/core/errors.ts";
import { runOpenLoop } from "../../../src/load/open-loop.ts";
import { createSchedule, type RunLength, type Schedule } from "../../../src/load/schedule.ts";
import type { RunRecord } from "../../../src/recording/run-record.ts";
import { madeClient, madeClock, madeContext, turns } from "./made-context.ts";

function constantSchedule({ ratePerSec, ...length }: RunLength & { readonly ratePerSec: number }): Schedule {
  return createSchedule({ ...length, arrivals: { kind: "constant", ratePerSec }, seed: 1 });
}

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
  const record = await runOpenLoop(madeContext(clock, { clients: [client], timeoutMs: 20 }), {
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

/** A server of one place that takes a fixed time of the made clock for each request. */
function oneAtATime(clock: ReturnType<typeof madeClock>, serviceNs: number) {
  let freeNs = 0;
  return madeClient(async () => {
    freeNs = Math.max(clock.nowNs(), freeNs) + serviceNs;
    const doneNs = freeNs;
    while (clock.nowNs() < doneNs) await turns(1);
    return {};
  });
}

/** 110 % load: an arrival every 50 ms, 55 ms each. */
async function overloaded(whenBusy: WhenBusy, timeoutMs = 60_000) {
  const clock = madeClock(100_000);
  return runOpenLoop(madeContext(clock, { clients: [oneAtATime(clock, 55e6)], timeoutMs }), {
    ...constantSchedule({ ratePerSec: 20, requests: 60 }),
    maxInFlight: 1,
    whenBusy,
  });
}

function summary({ columns, rows }: RunRecord) {
  const sent = [...Array(rows).keys()].filter((row) => columns.dropped[row] === 0);
  const responses = sent.map((row) => (columns.doneNs[row]! - columns.intendedNs[row]!) / 1e6);
  return { sent: sent.length, dropped: rows - sent.length, worstMs: Math.max(...responses) };
}

test("drop-new at 110 % load: half is dropped, what is sent does not wait", async () => {
  const { sent, dropped, worstMs } = summary(await overloaded("drop-new"));
  expect([sent, dropped]).toEqual([30, 30]);
  expect(worstMs).toBeLessThan(58);
});

test("queue at 110 % load: nothing is dropped, and the wait grows by 5 ms with every request", async () => {
  const record = await overloaded("queue");
  const { sent, dropped, worstMs } = summary(record);
  expect([sent, dropped]).toEqual([60, 0]);
  expect(worstMs).toBeGreaterThan(55 + 59 * 5 - 10);
  expect(worstMs).toBeLessThan(55 + 59 * 5 + 60);
  expect(record.columns.intendedNs[59]! - record.windowStartNs).toBe(2950e6);
});

test("newest-wins at 110 % load: a tenth is replaced and counts as dropped, nothing waits for more than one", async () => {
  const { sent, dropped, worstMs } = summary(await overloaded("newest-wins"));
  expect(sent + dropped).toBe(60);
  expect(dropped).toBeGreaterThanOrEqual(4);
  expect(dropped).toBeLessThanOrEqual(8);
  expect(worstMs).toBeLessThan(55 + 55 + 10);
});

test("what waits for longer than the timeout is given up unsent, and the run ends", async () => {
  const record = await overloaded("queue", 100);
  expect(record.failures).toMatchObject([
    { status: "DEADLINE_EXCEEDED", firstMessage: "waited 100 ms for its turn and was not sent" },
  ]);
  const late = [...Array(60).keys()].filter((row) => record.columns.status[row] === 4);
  expect(late.length).toBeGreaterThan(0);
  for (const row of late) expect(record.columns.startNs[row]).toBeNaN();
});

test("a server that stalls stalls nobody's schedule, whatever is done at the limit", async () => {
  for (const whenBusy of WHEN_BUSY) {
    const clock = madeClock(100_000);
    const client = madeClient(async () => {
      const doneNs = clock.nowNs() + 1400e6;
      while (clock.nowNs() < doneNs) await turns(1);
      return {};
    });
    const record = await runOpenLoop(madeContext(clock, { clients: [client], timeoutMs: 60_000 }), {
      ...constantSchedule({ ratePerSec: 100, requests: 100 }),
      maxInFlight: 4,
      whenBusy,
    });
    const { intendedNs, startNs, dropped } = record.columns;
    for (let row = 0; row < 100; row += 1) {
      expect(intendedNs[row]! - record.windowStartNs).toBe(row * 10e6);
    }
    for (let row = 0; row < 4; row += 1) expect(startNs[row]! - intendedNs[row]!).toBeLessThan(1e6);
    const gone = dropped.reduce((sum, flag) => sum + flag, 0);
    expect(gone).toBe({ "drop-new": 96, queue: 0, "newest-wins": 95 }[whenBusy]);
  }
});

test("each vehicle has its own limit, frames and connection", async () => {
  const clock = madeClock(50_000);
  const stuck = madeClient(async () => {
    const doneNs = clock.nowNs() + 500e6;
    while (clock.nowNs() < doneNs) await turns(1);
    return {};
  });
  const quick = madeClient(async () => ({}));
  const schedule = createSchedule({
    arrivals: { kind: "constant", ratePerSec: 50 },
    seed: 2,
    vehicles: 2,
    durationMs: 200,
  });
  const { columns, rows } = await runOpenLoop(madeContext(clock, { clients: [stuck, quick] }), {
    ...schedule,
    maxInFlight: 1,
    whenBusy: "drop-new",
    perVehicle: true,
  });
  expect(rows).toBe(20);
  for (let row = 0; row < rows; row += 1) {
    const vehicle = schedule.vehicles![row]!;
    expect(columns.vehicle[row]).toBe(vehicle);
    expect(columns.frame[row]).toBe(schedule.frames![row]! % 3);
    if (vehicle === 1) expect([columns.client[row], columns.dropped[row]]).toEqual([1, 0]);
  }
  const first = schedule.vehicles!.indexOf(0);
  expect(columns.client[first]).toBe(0);
  expect(columns.dropped.reduce((sum, flag) => sum + flag, 0)).toBe(9);
});

test("too few connections for the vehicles is no run", async () => {
  const schedule = createSchedule({
    arrivals: { kind: "constant", ratePerSec: 50 },
    seed: 2,
    vehicles: 3,
    requests: 30,
  });
  const run = runOpenLoop(madeContext(madeClock()), {
    ...schedule,
    maxInFlight: 1,
    whenBusy: "drop-new",
    perVehicle: true,
  });
  await expect(run).rejects.toThrow("a client for each of 3 vehicles");
});

test("requests in flight are counted at random times of the window", async () => {
  const clock = madeClock(20_000);
  const record = await runOpenLoop(madeContext(clock, { clients: [oneAtATime(clock, 5e6)] }), {
    ...constantSchedule({ ratePerSec: 100, requests: 50 }),
    maxInFlight: 9,
    whenBusy: "queue",
  });
  const { atNs = new Float64Array(), requests = new Float64Array() } = record.inFlight ?? {};
  expect(atNs.length).toBeGreaterThan(300);
  expect(requests.reduce((sum, count) => sum + count, 0) / requests.length).toBeCloseTo(0.5, 0.9);
});

test("what has waited when the run is broken off is not sent any more", async () => {
  const controller = new AbortController();
  const client = madeClient(async (_request, { signal }) => {
    await turns(50);
    controller.abort(new TransportError("CANCELLED", "stop"));
    signal?.throwIfAborted();
    return {};
  });
  const record = await runOpenLoop(
    madeContext(madeClock(), { clients: [client], signal: controller.signal }),
    { ...HALF_MS, maxInFlight: 1, whenBusy: "queue" },
  );
  expect(record.aborted).toBe(true);
  expect(record.failures).toMatchObject([{ status: "CANCELLED", count: 1 }]);
});

test("a share without any request ends at once, although no moment of the schedule wakes it", async () => {
  const clock = madeClock();
  const asleep = { begin() {}, alarm() {}, cancel() {}, spinMs: () => 0, close: async () => {} };
  const beginNs = clock.nowNs() + 100e6;
  const record = await runOpenLoop(madeContext(clock, { beginNs, pacer: asleep }), {
    offsetsNs: new Float64Array(),
    lengthNs: 1e9,
    maxInFlight: 1,
    whenBusy: "drop-new",
  });
  expect(record).toMatchObject({
    rows: 0,
    windowStartNs: beginNs,
    windowEndNs: beginNs + 1e9,
    aborted: false,
  });
});
