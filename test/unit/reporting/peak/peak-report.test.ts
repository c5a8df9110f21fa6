import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PeakCell } from "../../../../src/recording/peak/peak-result.ts";
import { formatPeak } from "../../../../src/reporting/peak/format-peak.ts";
import { peakCsv } from "../../../../src/reporting/peak/peak-csv.ts";
import { PEAK_SCHEMA_VERSION, type PeakReport } from "../../../../src/reporting/peak/peak-report.ts";
import { peakExitCode, writePeak } from "../../../../src/reporting/peak/write-peak.ts";
import { madeCell } from "../../recording/made-cell.ts";
import { madeMiss, madePoint } from "../../recording/peak/made-point.ts";

const { key } = madeCell({
  key: { scenario: "open-loop", arrivals: "poisson", concurrency: undefined, whenBusy: "drop-new" },
});

const http: PeakCell = {
  name: "http",
  key,
  executionProvider: "CPUExecutionProvider",
  state: "confirmed",
  peakPerSec: 800,
  intervalPerSec: { low: 800, high: 840 },
  limitedBy: "objective",
  knee: { ratePerSec: 400, throughputPerSec: 399.5, meanMs: 6, power: 66.6 },
  notes: [],
  estimatePerSec: 1_000,
  points: [
    madePoint(500),
    madeMiss(1_000, {
      p99Ms: undefined,
      p99AboveMs: 30_000,
      censored: ["response_p99>30000"],
      meanMs: undefined,
      dropped: 12,
    }),
    madePoint(800),
    madeMiss(840),
    madePoint(800, { kind: "confirmation", runs: 4, runsHeld: 4 }),
    madePoint(200, { kind: "curve", goodputPerSec: 199.5 }),
  ],
};

const mqtt: PeakCell = {
  name: "mqtt",
  key: { ...key, transport: "mqtt", protocolVersion: "3.1.1", qos: 0 },
  executionProvider: "",
  state: "none",
  notes: ["No rate holds the objective: at 1.25 per second already p99 74 ms, above 50 ms."],
  points: [madeMiss(1.25)],
};

const report: PeakReport = {
  schemaVersion: PEAK_SCHEMA_VERSION,
  kind: "peak",
  name: "peak",
  objective: "p99=50ms",
  search: { resolution: 0.05 },
  plannedCells: 2,
  state: "complete",
  startedAt: "2026-03-14T09:15:00.000Z",
  environment: {},
  configuration: {},
  seeds: { schedulesAndOrder: 1 },
  skipped: [],
  notes: [],
  cells: [http, mqtt],
};

describe("peakCsv", () => {
  const [head = "", ...rows] = peakCsv(report).trim().split("\n");
  const at = (column: string): number => head.split(",").indexOf(column);

  it("has a row per cell and rate, by rate, with as many cells as columns", () => {
    expect(rows.map((row) => row.split(",")[at("rate_per_sec")])).toEqual([
      "200",
      "500",
      "800",
      "800",
      "840",
      "1000",
      "1.25",
    ]);
    expect(head.startsWith("cell,transport,encoding,")).toBe(true);
  });

  it("leaves empty what is not available", () => {
    const row = rows[5]?.split('"p99')[0]?.split(",") ?? [];
    expect(row[at("held")]).toBe("no");
    expect(rows[5]).toMatch(/,1000,/);
    expect(rows[5]).not.toMatch(/NaN|undefined|Infinity/);
  });

  it("names the percentile that is above the timeout, in the last column", () => {
    expect(head.endsWith(",censored")).toBe(true);
    expect(rows[5]).toMatch(/,response_p99>30000$/);
    expect(rows[0]).toMatch(/,$/);
  });
});

describe("formatPeak", () => {
  const text = formatPeak(report);

  it("fits a terminal", () => {
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(120);
  });

  it("gives peak, interval and knee in a line per cell, and words where none holds", () => {
    expect(text).toMatch(/^http +binary +confirmed +800\.0 +800\.0 … 840\.0 .* 400\.0 +objective$/m);
    expect(text).toMatch(/^mqtt +binary +none +- +- /m);
    expect(text).toMatch(/^mqtt binary: No rate holds the objective/m);
  });

  it("shows the curve by rate, a censored percentile as above the timeout", () => {
    expect(text).toMatch(/^ *1000 +probe +no .*> 30000/m);
    expect(text.indexOf("Curve of http")).toBeLessThan(text.indexOf("Curve of mqtt"));
  });

  it("says of what the rates are where there are vehicles", () => {
    const fleet = formatPeak({ ...report, cells: [{ ...http, key: { ...key, vehicles: 4 } }] });
    expect(fleet.replaceAll(/\s+/g, " ")).toContain("(requests per second of each vehicle; response time");
    expect(fleet.replaceAll(/\s+/g, " ")).toContain("per s and goodput are of all together");
    expect(text).not.toContain("vehicle");
  });

  it("says what is partial, and that nothing was measured", () => {
    expect(formatPeak({ ...report, state: "interrupted", plannedCells: 5 })).toMatch(/Partial: .*2 of 5/);
    expect(formatPeak({ ...report, cells: [] })).toBe("Nothing was measured.");
  });
});

describe("writePeak", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "wirebench-test-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("writes both files whole and leaves nothing else", async () => {
    await writePeak(folder, report);
    await writePeak(folder, report);
    expect((await readdir(folder)).toSorted()).toEqual(["peak.csv", "peak.json"]);
    const read = JSON.parse(await readFile(join(folder, "peak.json"), "utf8")) as PeakReport;
    expect(read).toMatchObject({
      kind: "peak",
      schemaVersion: 1,
      cells: [{ peakPerSec: 800 }, { state: "none" }],
    });
  });
});

describe("peakExitCode", () => {
  it("is 0 only when every cell has a confirmed peak", () => {
    expect(peakExitCode({ cells: [http] })).toBe(0);
    expect(peakExitCode({ cells: [http, mqtt] })).toBe(1);
    expect(peakExitCode({ cells: [] })).toBe(1);
    expect(peakExitCode({ cells: [{ ...http, state: "unconfirmed" }] })).toBe(1);
  });
});
