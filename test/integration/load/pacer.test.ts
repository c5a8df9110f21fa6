import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { monotonicClock } from "../../../dist/core/clock.js";
import { createPacer, type Pacer } from "../../../dist/load/pacer.js";

/** Milliseconds from the beginning. */
const GAPS_MS = [0, 0.1, 0.6, 1.3, 2.3, 5.3, 25.3, 60];

describe("pacer", () => {
  let pacer: Pacer;
  let beginNs: number;
  beforeEach(async () => {
    pacer = await createPacer(Float64Array.from(GAPS_MS, (ms) => ms * 1e6));
    beginNs = monotonicClock.nowNs();
    pacer.begin(beginNs);
  });
  afterEach(() => pacer.close());
  const due = (ms: number): Promise<void> =>
    new Promise((resolve) => pacer.alarm(beginNs + ms * 1e6, resolve));

  it("never calls before the moment, for gaps short and long, and for moments that have passed", async () => {
    for (const ms of [...GAPS_MS, 0]) {
      await due(ms);
      expect(monotonicClock.nowNs()).toBeGreaterThanOrEqual(beginNs + ms * 1e6);
    }
  });

  it("lets the event loop turn while it waits, and sleeps through most of it", async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 2);
    await due(60);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
    expect(pacer.spinMs()).toBeLessThan(50);
  });

  it("forgets an alarm that is cancelled or replaced", async () => {
    const seen: string[] = [];
    pacer.alarm(beginNs + 5.3e6, () => seen.push("replaced while it slept"));
    pacer.alarm(beginNs, () => seen.push("replaced while it span"));
    await due(25.3);
    pacer.alarm(beginNs + 60e6, () => seen.push("cancelled"));
    pacer.cancel();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(seen).toEqual([]);
  });

  it("ends though its schedule has not", async () => {
    const long = await createPacer(Float64Array.of(0, 3_600e9));
    long.begin(monotonicClock.nowNs());
    await long.close();
    const unused = await createPacer(Float64Array.of(0));
    await unused.close();
  });
});

/** Whoever sleeps is woken, however the two threads meet. */
it("loses no wake-up in thousands of gaps around the shortest sleep", async () => {
  const offsetsNs = Float64Array.from({ length: 3_000 }, (_, index) => index * 420_000);
  const pacer = await createPacer(offsetsNs);
  const beginNs = monotonicClock.nowNs();
  pacer.begin(beginNs);
  for (const offsetNs of offsetsNs) {
    await new Promise<void>((resolve) => pacer.alarm(beginNs + offsetNs, resolve));
  }
  await pacer.close();
  expect(monotonicClock.nowNs()).toBeGreaterThanOrEqual(beginNs + offsetsNs.at(-1)!);
});
