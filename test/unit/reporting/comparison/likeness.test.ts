import { describe, expect, it } from "vitest";
import { unlikeness, versionNotes } from "../../../../src/reporting/comparison/likeness.ts";
import type { Report } from "../../../../src/reporting/report.ts";
import { madeReport } from "../made-report.ts";

const environment = {
  hostname: "bench",
  cpus: 2,
  memoryMb: 24_106,
  kernel: "6.1",
  node: "v20.20.2",
  gitCommit: "1234567890abcdef",
  packages: { mqtt: "5.0.0", undici: "7.0.0" },
};
const configuration = { durationMs: 2_000, repetitions: 8, seed: 1, name: "a", warmup: { kind: "auto" } };
const named = (path: string, more: Partial<Report>) => ({
  path,
  report: madeReport({ environment, configuration, ...more }),
});

describe("unlikeness", () => {
  it("is empty for the same machine and load, whatever the commit, the libraries, the seed and the name", () => {
    const other = named("b", {
      environment: { ...environment, gitCommit: "ff", memoryMb: 24_000, packages: { mqtt: "6.0.0" } },
      configuration: { ...configuration, seed: 2, name: "b", repetitions: 12, dimensions: { rate: [1] } },
    });
    expect(unlikeness(named("a", {}), other)).toEqual([]);
  });

  it("names what of machine and load differs, with both values", () => {
    const other = named("b", {
      environment: { ...environment, hostname: "other", memoryMb: 8_000 },
      configuration: {
        ...configuration,
        durationMs: 3_000,
        threads: 1,
        broker: "mqtt://10.0.0.7:1883",
        warmup: { kind: "fixed", durationMs: 1 },
      },
    });
    expect(unlikeness(named("a", {}), other)).toEqual([
      "hostname: 'bench' in a, 'other' in b",
      "memoryMb: 24106 in a, 8000 in b",
      "durationMs: 2000 in a, 3000 in b",
      'warmup: {"kind":"auto"} in a, {"kind":"fixed","durationMs":1} in b',
      "threads: (not set) in a, 1 in b",
      "broker: (not set) in a, 'mqtt://10.0.0.7:1883' in b",
    ]);
  });
});

it("versionNotes names commits and changed libraries", () => {
  const notes = versionNotes(
    named("a", {}),
    named("b", { environment: { ...environment, packages: { mqtt: "6.0.0", undici: "7.0.0" } } }),
  );
  expect(notes[0]).toMatch(/^base 1234567890ab of 2026/);
  expect(notes[1]).toBe("libraries: mqtt '5.0.0' → '6.0.0'");
});
