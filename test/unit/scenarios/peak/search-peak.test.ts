import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../../../src/core/random.ts";
import {
  MOST_CONFIRMATIONS,
  type SearchOptions,
  searchPeak,
  type Trial,
} from "../../../../src/scenarios/peak/search-peak.ts";
import { highestRate, probeQueue } from "./simulated-queue.ts";

const HELD: Trial = { held: true, borderline: false };
const CLEAR_MISS: Trial = { held: false, borderline: false };
const BORDERLINE_MISS: Trial = { held: false, borderline: true };

const BASE: Omit<SearchOptions, "probe" | "confirm"> = {
  startRatePerSec: 100,
  resolution: 0.05,
  maxProbes: 30,
  lowestRatePerSec: 0.5,
  highestRatePerSec: 1_000_000,
};

/** A system that holds every rate up to its limit. */
function limit(perSec: number, miss = BORDERLINE_MISS): (rate: number) => Promise<Trial> {
  return async (rate) => (rate <= perSec ? HELD : miss);
}

describe("searchPeak", () => {
  it("finds the limit of a system without noise within the resolution, wherever it starts", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 1, max: 900_000, noNaN: true }),
        fc.double({ min: 0.02, max: 50, noNaN: true }),
        fc.constantFrom(0.01, 0.05, 0.1, 0.3),
        async (truth, startFactor, resolution) => {
          const found = await searchPeak({
            ...BASE,
            startRatePerSec: truth * startFactor,
            resolution,
            probe: limit(truth),
            confirm: limit(truth),
          });
          expect(found.state).toBe("confirmed");
          expect(found.coarse).toBe(false);
          expect(found.peakPerSec).toBeLessThanOrEqual(truth);
          expect(found.failedPerSec ?? 1e6).toBeGreaterThan(truth * 0.9999);
          expect(found.peakPerSec).toBeGreaterThan((truth / (1 + resolution)) * 0.997);
        },
      ),
    );
  });

  it("never makes more probes or full runs than it may, whatever they say", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 2 ** 31 }),
        fc.integer({ min: 1, max: 20 }),
        async (seed, maxProbes) => {
          const random = createRandom(seed);
          let probes = 0;
          let full = 0;
          const coin = (): Trial => ({ held: random.fraction() < 0.5, borderline: random.fraction() < 0.5 });
          const found = await searchPeak({
            ...BASE,
            maxProbes,
            probe: async () => {
              probes += 1;
              return coin();
            },
            confirm: async () => {
              full += 1;
              return coin();
            },
          });
          expect(probes).toBeLessThanOrEqual(maxProbes);
          expect(full).toBeLessThanOrEqual(MOST_CONFIRMATIONS);
          if (found.failedPerSec !== undefined && found.peakPerSec !== undefined) {
            expect(found.failedPerSec).toBeGreaterThan(found.peakPerSec);
          }
        },
      ),
    );
  });

  it("says so when no rate holds, after a few probes", async () => {
    const rates: number[] = [];
    const found = await searchPeak({
      ...BASE,
      probe: async (rate) => {
        rates.push(rate);
        return BORDERLINE_MISS;
      },
      confirm: async () => HELD,
    });
    expect(found).toMatchObject({ state: "none" });
    expect(found.peakPerSec).toBeUndefined();
    expect(rates.length).toBeLessThan(8);
    expect(Math.min(...rates)).toBe(0.5);
  });

  it("ends at the highest rate when nothing fails", async () => {
    const found = await searchPeak({
      ...BASE,
      highestRatePerSec: 1_000,
      probe: limit(1e9),
      confirm: limit(1e9),
    });
    expect(found).toEqual({ state: "confirmed", peakPerSec: 1_000, failedPerSec: undefined, coarse: false });
  });

  it("stops at once where nothing can be searched", async () => {
    let probes = 0;
    const found = await searchPeak({
      ...BASE,
      probe: async () => {
        probes += 1;
        return { ...CLEAR_MISS, hopeless: true };
      },
      confirm: async () => HELD,
    });
    expect(found.state).toBe("hopeless");
    expect(probes).toBe(1);
  });

  it("looks again at a miss that noise could have made, and goes on above it", async () => {
    // 400 is missed the first time it is tried, though the system holds up to 1,000.
    let first = true;
    const found = await searchPeak({
      ...BASE,
      maxProbes: 20,
      probe: async (rate) => {
        if (rate === 400 && first) {
          first = false;
          return BORDERLINE_MISS;
        }
        return rate <= 1_000 ? HELD : BORDERLINE_MISS;
      },
      confirm: limit(1_000),
    });
    expect(found.peakPerSec).toBeGreaterThan(1_000 / 1.05);
  });

  it("does not look again at a clear miss", async () => {
    const rates: number[] = [];
    await searchPeak({
      ...BASE,
      probe: async (rate) => {
        rates.push(rate);
        return rate <= 1_000 ? HELD : CLEAR_MISS;
      },
      confirm: limit(1_000),
    });
    expect(new Set(rates).size).toBe(rates.length);
  });

  it("tries a rate again at once when the instrument was at fault", async () => {
    const rates: number[] = [];
    const found = await searchPeak({
      ...BASE,
      maxProbes: 20,
      probe: async (rate) => {
        const isFirst = !rates.includes(rate);
        rates.push(rate);
        if ((rate === 100 || rate === 800) && isFirst) return { ...BORDERLINE_MISS, unjudged: true };
        return rate <= 1_000 ? HELD : CLEAR_MISS;
      },
      confirm: limit(1_000),
    });
    expect(rates.slice(0, 7)).toEqual([100, 100, 200, 400, 800, 800, 1_600]);
    expect(found.peakPerSec).toBeGreaterThan(1_000 / 1.05);
  });

  it("gives up when the instrument is at fault from the start downwards, and says nothing of the system", async () => {
    const rates: number[] = [];
    const found = await searchPeak({
      ...BASE,
      probe: async (rate) => {
        rates.push(rate);
        return { ...BORDERLINE_MISS, unjudged: true };
      },
      confirm: async () => HELD,
    });
    expect(found.state).toBe("unjudged");
    expect(rates).toEqual([100, 100, 50, 50, 12.5, 12.5]);
  });

  it("steps down until a full run holds", async () => {
    const full: number[] = [];
    const found = await searchPeak({
      ...BASE,
      probe: limit(1_000),
      confirm: async (rate) => {
        full.push(rate);
        return rate <= 880 ? HELD : BORDERLINE_MISS;
      },
    });
    expect(full).toHaveLength(3);
    expect(found.state).toBe("confirmed");
    expect(found.peakPerSec).toBe(full[2]);
    expect(found.failedPerSec).toBeGreaterThan(1_000);
  });

  it("gives the rate as unconfirmed when no full run holds", async () => {
    const found = await searchPeak({ ...BASE, probe: limit(1_000), confirm: async () => BORDERLINE_MISS });
    expect(found.state).toBe("unconfirmed");
    expect(found.peakPerSec).toBeLessThanOrEqual(1_000);
  });

  it("says that the bracket is coarse when the probes run out", async () => {
    const found = await searchPeak({ ...BASE, maxProbes: 5, probe: limit(1_000), confirm: limit(1_000) });
    expect(found).toMatchObject({ state: "confirmed", peakPerSec: 800, failedPerSec: 1_600, coarse: true });
  });

  it("finds the limit in spite of one false miss in ten", async () => {
    const errors: number[] = [];
    for (let seed = 1; seed <= 200; seed += 1) {
      const random = createRandom(seed);
      const noisy = async (rate: number): Promise<Trial> =>
        rate > 700 || random.fraction() < 0.1 ? BORDERLINE_MISS : HELD;
      const found = await searchPeak({ ...BASE, maxProbes: 16, probe: noisy, confirm: limit(700) });
      expect(found.peakPerSec).toBeLessThanOrEqual(700);
      errors.push(1 - (found.peakPerSec ?? 0) / 700);
    }
    const good = errors.filter((error) => error <= 0.05).length;
    expect(good).toBeGreaterThan(180);
  });

  it("finds the highest rate of an M/D/1 queue that holds a p99, from runs of 60 s", async () => {
    const system = { serviceMs: 10, boundMs: 50 };
    const truth = highestRate(system);
    const errors: number[] = [];
    for (let seed = 1; seed <= 20; seed += 1) {
      let run = seed * 1_000;
      const probe = async (rate: number): Promise<Trial> => {
        run += 1;
        return probeQueue(system, { ratePerSec: rate, durationMs: 60_000, seed: run });
      };
      const found = await searchPeak({
        ...BASE,
        startRatePerSec: 50,
        maxProbes: 12,
        probe,
        confirm: async (rate) => {
          run += 1;
          return probeQueue(system, { ratePerSec: rate, durationMs: 240_000, seed: run });
        },
      });
      errors.push((found.peakPerSec ?? 0) / truth - 1);
    }
    const sorted = errors.toSorted((a, b) => a - b);
    expect(Math.abs(sorted[10] ?? 1)).toBeLessThan(0.05);
    expect(sorted[0]).toBeGreaterThan(-0.15);
    expect(sorted[19]).toBeLessThan(0.1);
  });
});
