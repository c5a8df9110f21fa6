import { describe, expect, it } from "vitest";
import { calibrationCases } from "../../../../src/scenarios/calibration/calibration-cases.ts";

describe("calibrationCases", () => {
  const cases = calibrationCases({ seed: 5, quick: false });

  it("are a constant service time twice, a stall, and two loads", () => {
    expect(cases.map(({ name }) => name)).toEqual([
      "service-5ms",
      "service-20ms",
      "stall-1.4s",
      "load-0.5",
      "load-0.8",
    ]);
  });

  it("begin with requests that find no queue, and judge enough for a p99", () => {
    for (const { offsetsNs, idle, model } of cases) {
      const serviceNs = model === "delay-20ms" ? 20e6 : 5e6;
      for (let row = 1; row <= idle; row += 1) {
        expect(offsetsNs[row]! - offsetsNs[row - 1]!).toBeGreaterThanOrEqual(serviceNs + 1e6);
      }
      expect(offsetsNs.length - idle).toBeGreaterThanOrEqual(240);
    }
  });

  it("never go backwards", () => {
    for (const { offsetsNs } of cases) {
      expect(offsetsNs.every((offset, row) => row === 0 || offset >= offsetsNs[row - 1]!)).toBe(true);
    }
  });

  it("stall once, for 1.4 s, after the idle part", () => {
    const stall = cases.find(({ name }) => name === "stall-1.4s");
    const long = stall?.delaysUs?.flatMap((us, row) => (us === 1_400_000 ? [row] : []));
    expect(long).toHaveLength(1);
    expect(long?.[0]).toBeGreaterThan(stall?.idle ?? 0);
    expect(stall?.delaysUs).toHaveLength(stall?.offsetsNs.length ?? 0);
  });

  it("have the arrivals of their load, the same for the same seed", () => {
    for (const { name, offsetsNs, idle } of cases.filter((one) => one.name.startsWith("load"))) {
      const judged = offsetsNs.subarray(idle);
      const meanGapNs = (judged.at(-1)! - judged[0]!) / (judged.length - 1);
      expect(5e6 / meanGapNs).toBeCloseTo(Number(name.slice(5)), 1);
    }
    expect(calibrationCases({ seed: 5, quick: false })).toEqual(cases);
    expect(calibrationCases({ seed: 6, quick: false })).not.toEqual(cases);
  });
});
