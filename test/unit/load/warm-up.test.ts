import { expect, test } from "vitest";
import { TransportError } from "../../../src/core/errors.ts";
import { AUTO_WARM_UP, isSettled, warmUp } from "../../../src/load/warm-up.ts";
import { madeClient, madeClock, madeContext } from "./made-context.ts";

function clientOf(
  clock: ReturnType<typeof madeClock>,
  answerMs: (index: number) => number,
): ReturnType<typeof madeClient> {
  let index = 0;
  return madeClient(async () => {
    clock.advance(answerMs(index) * 1e6);
    index += 1;
    return {};
  });
}

test("auto goes on until two blocks agree, and at least for its least time", async () => {
  const clock = madeClock();
  const falling = clientOf(clock, (index) => Math.max(10, 100 - 2 * index));
  const result = await warmUp(
    madeContext(clock, { clients: [falling] }),
    { kind: "auto" },
    { concurrency: 1 },
  );
  expect(result).toMatchObject({ rule: "auto", settled: true, failed: 0 });
  expect(result.requests).toBeGreaterThan(40);
  expect(result.durationMs).toBeLessThan(AUTO_WARM_UP.mostMs);
  const steady = await warmUp(
    madeContext(clock, { clients: [clientOf(clock, () => 20)] }),
    { kind: "auto" },
    { concurrency: 1 },
  );
  expect(steady.durationMs).toBeGreaterThanOrEqual(AUTO_WARM_UP.leastMs);
  expect(steady.durationMs).toBeLessThan(AUTO_WARM_UP.leastMs + 30);
});

test("auto goes on for its longer least time where answers are many", async () => {
  const clock = madeClock();
  const result = await warmUp(
    madeContext(clock, { clients: [clientOf(clock, () => 1)] }),
    { kind: "auto" },
    { concurrency: 1 },
  );
  expect(result.settled).toBe(true);
  expect(result.durationMs).toBeGreaterThanOrEqual(AUTO_WARM_UP.leastMsOfMany);
  expect(result.durationMs).toBeLessThan(AUTO_WARM_UP.leastMsOfMany + 10);
});

test("auto gives up at its longest time and says that nothing settled", async () => {
  const clock = madeClock();
  const growing = clientOf(clock, (index) => 10 * 1.1 ** index);
  const result = await warmUp(
    madeContext(clock, { clients: [growing] }),
    { kind: "auto" },
    { concurrency: 1 },
  );
  expect(result.settled).toBe(false);
  expect(result.durationMs).toBeGreaterThanOrEqual(AUTO_WARM_UP.mostMs);
});

test("a fixed time is kept, and 0 sends nothing", async () => {
  const clock = madeClock();
  const context = madeContext(clock, { clients: [clientOf(clock, () => 1)] });
  expect(await warmUp(context, { kind: "fixed", durationMs: 0 }, { concurrency: 1 })).toEqual({
    rule: "none",
    durationMs: 0,
    requests: 0,
    failed: 0,
    settled: true,
  });
  const result = await warmUp(context, { kind: "fixed", durationMs: 50 }, { concurrency: 1 });
  expect(result.rule).toBe("fixed");
  expect(result.durationMs).toBeGreaterThanOrEqual(50);
  expect(result.durationMs).toBeLessThan(53);
});

test("failures are counted and do not end it", async () => {
  const clock = madeClock(100_000);
  const dead = madeClient(async () => {
    clock.advance(20e6);
    throw new TransportError("UNAVAILABLE", "refused");
  });
  const context = madeContext(clock, { clients: [dead] });
  const result = await warmUp(context, { kind: "fixed", durationMs: 40 }, { concurrency: 1 });
  expect(result.failed).toBe(result.requests);
  expect(result.failed).toBeGreaterThan(0);
});

test("settled means that the last median is within a tenth of the one before", () => {
  const times = (before: number, last: number): readonly number[] => [
    ...new Array<number>(AUTO_WARM_UP.block).fill(before),
    ...new Array<number>(AUTO_WARM_UP.block).fill(last),
  ];
  expect(isSettled(times(100, 110))).toBe(true);
  expect(isSettled(times(100, 90))).toBe(true);
  expect(isSettled(times(100, 111))).toBe(false);
  expect(isSettled(times(100, 89))).toBe(false);
  expect(isSettled(times(1, 1).slice(1))).toBe(false);
});
