import { expect, test } from "vitest";
import { TransportError } from "../../../src/core/errors.ts";
import { runClosedLoop } from "../../../src/load/closed-loop.ts";
import { madeClient, madeClock, madeContext, turns } from "./made-context.ts";

/** Answers after 1 ms of the made clock. */
function slowClient(clock: ReturnType<typeof madeClock>): ReturnType<typeof madeClient> {
  return madeClient(async (_request, { marks }) => {
    marks.sentNs = clock.nowNs();
    await turns(1);
    clock.advance(1e6);
    marks.receivedNs = clock.nowNs();
    return {};
  });
}

test("a number of requests is exact, whatever the concurrency, and frames go round", async () => {
  for (const concurrency of [1, 3, 8]) {
    const clock = madeClock();
    const record = await runClosedLoop(
      madeContext(clock, { clients: [slowClient(clock), slowClient(clock)] }),
      {
        concurrency,
        stop: { requests: 20 },
      },
    );
    expect(record.rows).toBe(20);
    expect([...record.columns.frame.subarray(0, 4)]).toEqual([0, 1, 2, 0]);
    expect(record.columns.status.every((status) => status === 0)).toBe(true);
    expect(record.windowEndNs).toBeGreaterThanOrEqual(Math.max(...record.columns.doneNs));
    expect(record.concurrency).toBe(concurrency);
    expect(new Set(record.columns.client).size).toBe(Math.min(concurrency, 2));
  }
});

test("never more than the concurrency is out", async () => {
  const clock = madeClock();
  let out = 0;
  let most = 0;
  const client = madeClient(async () => {
    out += 1;
    most = Math.max(most, out);
    await turns(2);
    out -= 1;
    return {};
  });
  await runClosedLoop(madeContext(clock, { clients: [client] }), { concurrency: 4, stop: { requests: 40 } });
  expect(most).toBe(4);
});

test("a duration is the exact window: nothing is intended after it", async () => {
  const clock = madeClock();
  const record = await runClosedLoop(madeContext(clock, { clients: [slowClient(clock)] }), {
    concurrency: 1,
    stop: { durationMs: 20 },
  });
  expect(record.windowEndNs - record.windowStartNs).toBe(20e6);
  expect(record.rows).toBeGreaterThan(10);
  expect(record.rows).toBeLessThan(21);
  expect(record.columns.intendedNs.every((intended) => intended < record.windowEndNs)).toBe(true);
});

test("both: until both are met", async () => {
  const clock = madeClock();
  const context = (): Parameters<typeof runClosedLoop>[0] =>
    madeContext(clock, { clients: [slowClient(clock)] });
  const byTime = await runClosedLoop(context(), { concurrency: 1, stop: { durationMs: 20, requests: 3 } });
  expect(byTime.rows).toBeGreaterThan(10);
  expect(byTime.windowEndNs - byTime.windowStartNs).toBe(20e6);
  const byCount = await runClosedLoop(context(), { concurrency: 1, stop: { durationMs: 5, requests: 30 } });
  expect(byCount.rows).toBe(30);
  expect(byCount.windowEndNs - byCount.windowStartNs).toBeGreaterThan(25e6);
});

test("a request is intended when its slot became free; the check is outside all times", async () => {
  const clock = madeClock();
  const record = await runClosedLoop(
    madeContext(clock, { clients: [slowClient(clock)], check: () => clock.advance(50e6) }),
    { concurrency: 1, stop: { requests: 5 } },
  );
  for (let seq = 0; seq < 5; seq += 1) {
    expect(record.columns.doneNs[seq]! - record.columns.intendedNs[seq]!).toBeLessThan(2e6);
    if (seq > 0)
      expect(record.columns.intendedNs[seq]! - record.columns.doneNs[seq - 1]!).toBeGreaterThan(50e6);
  }
});

test("failed requests are rows, and a dead server is asked less and less often", async () => {
  const clock = madeClock(0);
  const dead = madeClient(async () => {
    clock.advance(1000);
    throw new TransportError("UNAVAILABLE", "refused");
  });
  const asked: number[] = [];
  const context = madeContext(
    {
      nowNs: () => {
        clock.advance(20_000);
        return clock.nowNs();
      },
    },
    {
      clients: [dead],
      prepare: (_frame, id) => {
        asked.push(clock.nowNs());
        return { request: { modelName: "null", id, inputs: [] } };
      },
    },
  );
  const record = await runClosedLoop(context, { concurrency: 1, stop: { requests: 6 } });
  expect(record.failures).toEqual([{ status: "UNAVAILABLE", count: 6, firstMessage: "refused" }]);
  const gaps = asked.slice(1).map((at, index) => at - asked[index]!);
  for (const [index, gap] of gaps.entries()) expect(gap).toBeGreaterThanOrEqual(2 ** index * 1e6);
});

test("an answer with another request's id is DATA_LOSS", async () => {
  const clock = madeClock();
  const mixedUp = madeClient(async () => ({ id: "t-999" }));
  const record = await runClosedLoop(madeContext(clock, { clients: [mixedUp] }), {
    concurrency: 1,
    stop: { requests: 1 },
  });
  expect(record.failures[0]).toMatchObject({ status: "DATA_LOSS", count: 1 });
});

test("a prepare or a finish that throws is a failed request too", async () => {
  const clock = madeClock();
  const broken = (): never => {
    throw new Error("no such frame");
  };
  for (const part of [{ prepare: broken }, { finish: broken }]) {
    const record = await runClosedLoop(madeContext(clock, part), { concurrency: 1, stop: { requests: 1 } });
    expect(record.failures).toEqual([{ status: "INTERNAL", count: 1, firstMessage: "no such frame" }]);
  }
});

test("a check that throws ends the run with that", async () => {
  const check = (): never => {
    throw new Error("check is broken");
  };
  const run = runClosedLoop(madeContext(madeClock(), { check }), { concurrency: 2, stop: { requests: 100 } });
  await expect(run).rejects.toThrow("check is broken");
});

test("an aborted signal ends the run: nothing new is sent", async () => {
  const clock = madeClock();
  const controller = new AbortController();
  const client = madeClient(async (request, { signal }) => {
    if (request.id === "t-5") controller.abort(new TransportError("CANCELLED", "stop"));
    signal?.throwIfAborted();
    return {};
  });
  const record = await runClosedLoop(madeContext(clock, { clients: [client], signal: controller.signal }), {
    concurrency: 1,
    stop: { durationMs: 60_000 },
  });
  expect(record.aborted).toBe(true);
  expect(record.rows).toBe(6);
  expect(record.windowEndNs - record.windowStartNs).toBeLessThan(1e9);
});

test("client-side work and the server's timing are recorded", async () => {
  const clock = madeClock();
  const client = madeClient(async () => ({
    parameters: { wirebench_in_ns: 5, wirebench_out_ns: 9, wirebench_boot_id: "ours", wirebench_infer_ns: 3 },
  }));
  const record = await runClosedLoop(
    madeContext(clock, {
      clients: [client],
      prepare: (_frame, id) => ({
        request: { modelName: "null", id, inputs: [] },
        preprocessedNs: clock.nowNs(),
      }),
      finish: () => [],
    }),
    { concurrency: 1, stop: { requests: 1 } },
  );
  const { startNs, preprocessedNs, decodedNs, doneNs, inferNs, sameClock } = record.columns;
  expect(startNs[0]).toBeLessThan(preprocessedNs[0]!);
  expect(preprocessedNs[0]).toBeLessThan(decodedNs[0]!);
  expect(decodedNs[0]).toBeLessThan(doneNs[0]!);
  expect([inferNs[0], sameClock[0]]).toEqual([3, 1]);
});

test.each([
  [{ concurrency: 0, stop: { requests: 1 } }, "concurrency"],
  [{ concurrency: 1, stop: {} }, "durationMs, requests"],
  [{ concurrency: 1, stop: { durationMs: Number.NaN } }, "durationMs"],
])("%o is no run", async (options, message) => {
  await expect(runClosedLoop(madeContext(madeClock()), options)).rejects.toThrow(message);
});
