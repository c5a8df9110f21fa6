import { expect, test } from "vitest";
import { TransportError } from "../../../src/core/errors.ts";
import { runQueryLoop } from "../../../src/load/query-loop.ts";
import { madeClient, madeClock, madeContext, turns } from "./made-context.ts";

test("the samples of a query go out together, the next query when all have ended", async () => {
  const clock = madeClock();
  let out = 0;
  const seen: number[] = [];
  const client = madeClient(async (request) => {
    out += 1;
    seen.push(out);
    await turns(1 + (Number(request.id.slice(2)) % 4) * 3);
    out -= 1;
    return {};
  });
  const { columns, rows, concurrency } = await runQueryLoop(
    madeContext(clock, { clients: [client, client] }),
    { samplesPerQuery: 4, stop: { requests: 10 } },
  );
  expect(rows).toBe(12);
  expect(concurrency).toBe(4);
  expect(seen).toEqual([1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4]);
  for (const query of [0, 1, 2]) {
    const own = [0, 1, 2, 3].map((sample) => query * 4 + sample);
    expect(new Set(own.map((row) => columns.intendedNs[row])).size).toBe(1);
    if (query === 0) continue;
    const before = Math.max(...own.map((row) => columns.doneNs[row - 4]!));
    expect(columns.intendedNs[query * 4]).toBeGreaterThan(before);
  }
  expect([...columns.frame]).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
  expect([...columns.client.subarray(0, 4)]).toEqual([0, 1, 0, 1]);
});

test("a duration is the exact window", async () => {
  const clock = madeClock();
  const client = madeClient(async () => {
    clock.advance(1e6);
    return {};
  });
  const record = await runQueryLoop(madeContext(clock, { clients: [client] }), {
    samplesPerQuery: 2,
    stop: { durationMs: 50 },
  });
  expect(record.windowEndNs - record.windowStartNs).toBe(50e6);
  expect(record.columns.intendedNs.every((at) => at < record.windowEndNs)).toBe(true);
  expect(record.inFlight?.atNs.length).toBeGreaterThan(5);
});

test("a failed sample is a row; a run that is broken off or wrong says so", async () => {
  const client = madeClient(async (request) => {
    if (request.id === "t-1") throw new TransportError("INTERNAL", "no");
    return {};
  });
  const options = { samplesPerQuery: 2, stop: { requests: 4 } };
  const record = await runQueryLoop(madeContext(madeClock(), { clients: [client] }), options);
  expect(record.failures).toEqual([{ status: "INTERNAL", count: 1, firstMessage: "no" }]);
  const check = (): never => {
    throw new Error("check is broken");
  };
  await expect(runQueryLoop(madeContext(madeClock(), { check }), options)).rejects.toThrow("check is broken");
  await expect(runQueryLoop(madeContext(madeClock()), { ...options, samplesPerQuery: 0 })).rejects.toThrow(
    "samplesPerQuery",
  );
  const signal = AbortSignal.abort(new TransportError("CANCELLED", "stop"));
  const none = await runQueryLoop(madeContext(madeClock(), { signal }), options);
  expect([none.rows, none.aborted]).toEqual([0, true]);
});
