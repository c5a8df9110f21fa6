import { describe, expect, it } from "vitest";
import { RestartDelay } from "../../../../src/scenarios/serving/restart-delay.ts";

describe("the wait before a process is replaced", () => {
  it("doubles up to ten seconds, and begins anew after a calm time", () => {
    const delay = new RestartDelay();
    expect(Array.from({ length: 9 }, () => delay.ended(1_000))).toEqual([
      100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000,
    ]);
    expect(delay.ended(60_000)).toBe(100);
    expect(delay.ended(0)).toBe(200);
  });

  it("counts starts that came to nothing until one served, or one does not count", () => {
    const delay = new RestartDelay();
    delay.startFailed(true);
    delay.startFailed(true);
    expect(delay.failedStarts).toBe(2);
    // Others serve: it may go on like this.
    delay.startFailed(false);
    expect(delay.failedStarts).toBe(0);
    expect(delay.startFailed(true)).toBe(800);
    expect(delay.failedStarts).toBe(1);
    delay.ended(5);
    expect(delay.failedStarts).toBe(0);
  });

  it("has no end of its own: a thousand ends wait ten seconds each at most", () => {
    const delay = new RestartDelay();
    for (let i = 0; i < 1_000; i++) expect(delay.ended(0)).toBeLessThanOrEqual(10_000);
  });
});
