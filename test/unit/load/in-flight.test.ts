import { expect, test } from "vitest";
import { createRandom } from "../../../src/core/random.ts";
import { createInFlight } from "../../../src/load/in-flight.ts";

/** A clock that is set by hand. */
function handClock() {
  let now = 0;
  return {
    nowNs: () => now,
    set: (ns: number) => {
      now = ns;
    },
  };
}

test("each sample holds what was out at its time", () => {
  const clock = handClock();
  const inFlight = createInFlight({ clock, seed: 4, meanGapNs: 1e5 });
  clock.set(10e6);
  inFlight.enter(clock.nowNs());
  clock.set(20e6);
  inFlight.enter(clock.nowNs());
  clock.set(30e6);
  inFlight.leave(clock.nowNs());
  expect(inFlight.count).toBe(1);
  const { atNs, requests } = inFlight.samples({ startNs: 5e6, endNs: 40e6 });
  expect(atNs.length).toBeGreaterThan(250);
  for (const [index, at] of atNs.entries()) {
    expect(at).toBeGreaterThanOrEqual(atNs[index - 1] ?? 5e6);
    expect(requests[index]).toBe(at <= 10e6 ? 0 : at <= 20e6 ? 1 : at <= 30e6 ? 2 : 1);
  }
  expect(atNs.at(-1)).toBeLessThanOrEqual(40e6);
});

test("memory is bounded, and what is kept is still spread evenly over the whole time", () => {
  const clock = handClock();
  const inFlight = createInFlight({ clock, seed: 9, meanGapNs: 1e3, most: 512 });
  for (let ms = 1; ms <= 1000; ms += 1) {
    clock.set(ms * 1e6);
    if (ms % 2 === 0) inFlight.leave(clock.nowNs());
    else inFlight.enter(clock.nowNs());
  }
  const { atNs, requests } = inFlight.samples({ startNs: 0, endNs: 1e9 });
  expect(atNs.length).toBeGreaterThan(128);
  expect(atNs.length).toBeLessThanOrEqual(512);
  const quarters = [0, 1, 2, 3].map((q) => atNs.filter((at) => Math.floor(at / 250e6) === q).length);
  for (const count of quarters) expect(count / atNs.length).toBeCloseTo(0.25, 0.7);
  expect(requests.reduce((sum, count) => sum + count, 0) / requests.length).toBeCloseTo(0.5, 0.8);
});

test("the mean of the samples is rate × residence: Little's law on a simulated M/G/∞", () => {
  const clock = handClock();
  const random = createRandom(1);
  const events: { at: number; enters: boolean }[] = [];
  let at = 0;
  let residence = 0;
  for (let i = 0; i < 20_000; i += 1) {
    at += -Math.log(1 - random.fraction()) * 1e6;
    const stay = random.fraction() * 8e6;
    residence += stay;
    events.push({ at, enters: true }, { at: at + stay, enters: false });
  }
  events.sort((a, b) => a.at - b.at);
  const inFlight = createInFlight({ clock, seed: 12 });
  for (const event of events) {
    clock.set(event.at);
    if (event.enters) inFlight.enter(clock.nowNs());
    else inFlight.leave(clock.nowNs());
  }
  const { requests } = inFlight.samples({ startNs: 0, endNs: at });
  const mean = requests.reduce((sum, count) => sum + count, 0) / requests.length;
  expect(mean / (residence / at)).toBeGreaterThan(0.97);
  expect(mean / (residence / at)).toBeLessThan(1.03);
});

test("a window without samples gives none", () => {
  const inFlight = createInFlight({ clock: handClock(), seed: 1 });
  expect(inFlight.samples({ startNs: 100, endNs: 101 }).atNs).toHaveLength(0);
});
