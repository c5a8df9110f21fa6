import { describe, expect, it } from "vitest";
import { createDelayInstance, type DelayJob } from "../../../src/serving/delay-instance.ts";

const MS = 1e6;

/** Time that goes on when something waits for it. */
function madeTime() {
  let nowNs = 0;
  return {
    clock: { nowNs: () => nowNs },
    timers: {
      setTimeout(callback: () => void, delayMs: number) {
        nowNs += delayMs * MS;
        callback();
      },
      setImmediate(callback: () => void) {
        nowNs += 0.25 * MS;
        callback();
      },
    },
    pass(ms: number) {
      nowNs += ms * MS;
    },
  };
}

const job = (queuedMs: number, delayMs: number): DelayJob => ({
  submittedNs: queuedMs * MS,
  queuedNs: queuedMs * MS,
  elements: 1,
  delayNs: delayMs * MS,
});

describe("createDelayInstance", () => {
  it("begins a request that waited where the one before ended, however late it was handed over", async () => {
    const time = madeTime();
    const instance = createDelayInstance(time.clock, time.timers);
    expect(await instance([job(0, 5)])).toEqual([{ beganNs: 0, finishedNs: 5 * MS }]);
    time.pass(0.5);
    expect(await instance([job(1, 5)])).toEqual([{ beganNs: 5 * MS, finishedNs: 10 * MS }]);
  });

  it("begins a request that found it idle when that came", async () => {
    const time = madeTime();
    const instance = createDelayInstance(time.clock, time.timers);
    await instance([job(0, 5)]);
    time.pass(20);
    expect(await instance([job(25, 5)])).toEqual([{ beganNs: 25 * MS, finishedNs: 30 * MS }]);
  });

  it("says what it really took where it was late", async () => {
    const time = madeTime();
    const instance = createDelayInstance(time.clock, time.timers);
    time.pass(30);
    expect(await instance([job(0, 5)])).toEqual([{ beganNs: 0, finishedNs: 30 * MS }]);
    expect(await instance([job(1, 5)])).toEqual([{ beganNs: 30 * MS, finishedNs: 35 * MS }]);
  });
});
