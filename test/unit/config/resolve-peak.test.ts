import { describe, expect, it } from "vitest";
import { NOT_FOR_PEAK, resolvePeak } from "../../../src/config/resolve-peak.ts";

const sources = { file: {}, fileFolder: "/", line: {}, peak: {}, slo: "p99=50ms" };

describe("resolvePeak", () => {
  it("makes an open loop with Poisson arrivals of whatever the file says", () => {
    const file = { scenario: ["closed-loop" as const], concurrency: [4], duration: 2_000, quick: true };
    const { bench, ...spec } = resolvePeak({ ...sources, file });
    expect(bench).toMatchObject({ name: "peak", arrivals: "poisson", quick: false, repetitions: 4 });
    expect(bench.dimensions).toMatchObject({ scenario: ["open-loop"], rate: [1] });
    expect(spec).toMatchObject({ resolution: 0.05, maxProbes: 12, probeDurationMs: 3_000, curve: true });
  });

  it("confirms in runs of 10 s or more, unless the command line says otherwise", () => {
    expect(resolvePeak({ ...sources, file: { duration: 2_000 } }).bench.durationMs).toBe(10_000);
    expect(resolvePeak({ ...sources, file: { duration: 60_000 } }).bench.durationMs).toBe(60_000);
    expect(resolvePeak({ ...sources, line: { duration: 500 } }).bench.durationMs).toBe(500);
    expect(resolvePeak({ ...sources, line: { requests: 700 } }).bench).toMatchObject({
      durationMs: undefined,
      requests: 700,
    });
  });

  it("takes arrivals that have one rate, and the deadline of the file", () => {
    expect(resolvePeak({ ...sources, line: { arrivals: "constant" } }).bench.arrivals).toBe("constant");
    const { objective } = resolvePeak({ ...sources, file: { deadline: 80 }, slo: "goodput>99%" });
    expect(objective.terms).toEqual([{ kind: "goodput", share: 0.99, deadlineMs: 80 }]);
  });

  it("names everything that does not belong, at once", () => {
    const line = { rate: [5], concurrency: [1], arrivals: "ramp" as const, latencyBound: 5 };
    expect(() => resolvePeak({ ...sources, line, slo: undefined })).toThrow(
      /--rate: .*\n--concurrency: .*\n--latency-bound: .*\n--arrivals: .*\n--slo: /,
    );
    expect(Object.keys(NOT_FOR_PEAK)).toContain("schedule");
    expect(() => resolvePeak({ ...sources, line: { wireBytes: "frames" } })).toThrow(/--wire-bytes: .*bench/);
    expect(resolvePeak({ ...sources, file: { wireBytes: "frames" } }).bench.wireBytes).toBe("frames");
  });
});
