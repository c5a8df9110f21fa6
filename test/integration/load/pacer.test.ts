import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { monotonicClock } from "../../../dist/core/clock.js";
import { createPacer, type Pacer } from "../../../dist/load/pacer.js";

describe("pacer", () => {
  let pacer: Pacer;
  const never = new AbortController().signal;
  beforeEach(async () => {
    pacer = await createPacer();
  });
  afterEach(() => pacer.close());

  it("never wakes before the moment, for gaps short and long, and for moments that have passed", async () => {
    for (const gapMs of [0, 0.1, 0.5, 0.7, 1, 3, 20, -5]) {
      const momentNs = monotonicClock.nowNs() + gapMs * 1e6;
      await pacer.waitUntil(momentNs, never);
      expect(monotonicClock.nowNs()).toBeGreaterThanOrEqual(momentNs);
    }
  });

  it("lets the event loop turn while it waits", async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 2);
    await pacer.waitUntil(monotonicClock.nowNs() + 60e6, never);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
  });

  it("ends early when the signal is aborted, and waits again afterwards", async () => {
    const controller = new AbortController();
    const startNs = monotonicClock.nowNs();
    setTimeout(() => controller.abort(), 5);
    await pacer.waitUntil(startNs + 60e9, controller.signal);
    const momentNs = monotonicClock.nowNs() + 10e6;
    expect(momentNs - startNs).toBeLessThan(30e9);
    await pacer.waitUntil(momentNs, never);
    expect(monotonicClock.nowNs()).toBeGreaterThanOrEqual(momentNs);
  });
});
