import { expect, test } from "vitest";
import { createSpin } from "../../../src/load/spin.ts";
import { madeClock } from "./made-context.ts";

const due = (spin: ReturnType<typeof createSpin>, momentNs: number): Promise<void> =>
  new Promise((resolve) => spin.until(momentNs, resolve));

test("comes at the moment, in a turn of its own, and counts what it spun", async () => {
  const clock = madeClock(10_000);
  const spin = createSpin(clock);
  const moment = clock.nowNs() + 1e6;
  let isLater = false;
  const done = due(spin, moment);
  isLater = true;
  await done;
  expect(isLater).toBe(true);
  expect(clock.nowNs()).toBeGreaterThanOrEqual(moment);
  expect(spin.spunNs()).toBeGreaterThan(0.9e6);
  expect(spin.spunNs()).toBeLessThan(1.1e6);
});

test("a turn with work in it is no spinning", async () => {
  const clock = madeClock(10_000);
  const spin = createSpin(clock);
  const work = setInterval(() => clock.advance(5e6), 0);
  await due(spin, clock.nowNs() + 30e6);
  clearInterval(work);
  expect(spin.spunNs()).toBeLessThan(26e6);
});

test("a new moment replaces the old one, and a cancelled one never comes", async () => {
  const clock = madeClock(10_000);
  const spin = createSpin(clock);
  let old = false;
  spin.until(clock.nowNs() + 0.2e6, () => {
    old = true;
  });
  await due(spin, clock.nowNs() + 1e6);
  spin.until(clock.nowNs(), () => {
    old = true;
  });
  spin.cancel();
  await due(createSpin(clock), clock.nowNs() + 1e6);
  expect(old).toBe(false);
});
