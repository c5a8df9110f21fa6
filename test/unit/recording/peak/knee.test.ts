import { describe, expect, it } from "vitest";
import { curveRates } from "../../../../src/recording/peak/curve-rates.ts";
import { kneeOf } from "../../../../src/recording/peak/knee.ts";
import { madePoint } from "./made-point.ts";

describe("kneeOf", () => {
  it("is half the capacity of an M/M/1 queue, as Kleinrock says", () => {
    const capacityPerSec = 1_000;
    const points = Array.from({ length: 19 }, (_, index) => {
      const ratePerSec = (index + 1) * 50;
      return madePoint(ratePerSec, { meanMs: 1_000 / (capacityPerSec - ratePerSec) });
    });
    expect(kneeOf(points)).toMatchObject({ ratePerSec: 500, throughputPerSec: 500, meanMs: 2, power: 250 });
  });

  it("is 2 − √2 of the capacity of an M/D/1 queue", () => {
    const service = 1;
    const points = Array.from({ length: 98 }, (_, index) => {
      const load = (index + 1) / 100;
      // Pollaczek and Khinchine: W = s · ρ / (2 (1 − ρ)).
      return madePoint(load * 1_000, { meanMs: service + (service * load) / (2 * (1 - load)) });
    });
    expect(kneeOf(points)?.ratePerSec).toBeCloseTo(1_000 * (2 - Math.SQRT2), -1);
  });

  it("has not been seen at an end of the curve, or from two rates", () => {
    const flat = [100, 200, 300].map((rate) => madePoint(rate, { meanMs: 5 }));
    expect(kneeOf(flat)).toBeUndefined();
    const falling = [100, 200, 300].map((rate) => madePoint(rate, { meanMs: rate ** 2 }));
    expect(kneeOf(falling)).toBeUndefined();
    expect(kneeOf(flat.slice(0, 2))).toBeUndefined();
  });

  it("passes over points that have no mean or no sound instrument, and averages those of one rate", () => {
    const points = [
      madePoint(100, { meanMs: 10 }),
      madePoint(200, { meanMs: 10 }),
      madePoint(200, { meanMs: 14 }),
      madePoint(300, { meanMs: 60 }),
      madePoint(250, { meanMs: undefined }),
      madePoint(260, { meanMs: 0.1, verdict: "INVALID" }),
    ];
    expect(kneeOf(points)).toMatchObject({ ratePerSec: 200, meanMs: 12 });
  });
});

describe("curveRates", () => {
  it("fills what is missing at fixed shares of the peak", () => {
    expect(curveRates(1_000, [])).toEqual([250, 500, 750, 900, 1_100]);
    expect(curveRates(1_000, [500, 930, 1_000, 1_052])).toEqual([250, 750, 1_100]);
  });
});
