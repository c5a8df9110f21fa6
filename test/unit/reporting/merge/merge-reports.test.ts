import { expect, test } from "vitest";
import type { CellKey } from "../../../../src/core/cell.ts";
import type { CellResult } from "../../../../src/recording/cell-result.ts";
import { mergeProblems, type NamedReport } from "../../../../src/reporting/merge/merge-problems.ts";
import { mergeReports } from "../../../../src/reporting/merge/merge-reports.ts";
import { mergedKey } from "../../../../src/reporting/merge/merged-key.ts";
import { REPORT_SCHEMA_VERSION, type Report } from "../../../../src/reporting/report.ts";
import { type MadeCellOptions, madeCell } from "../../recording/made-cell.ts";

const URL = { target: "http://10.0.0.7:8000", link: "network" } as const;
const OPEN: Partial<CellKey> = {
  ...URL,
  scenario: "open-loop",
  concurrency: undefined,
  arrivals: "poisson",
  ratePerSec: 400,
  whenBusy: "drop-new",
  connections: 16,
};

const SETTINGS = { durationMs: 1_000, deadlineMs: 100, schedule: "/a/rush.txt" };

function named(path: string, cells: readonly CellResult[], more: Partial<Report> = {}): NamedReport {
  const report: Report = {
    schemaVersion: REPORT_SCHEMA_VERSION,
    name: path,
    state: "complete",
    startedAt: "2026-03-14T09:15:00.000Z",
    finishedAt: "2026-03-14T09:17:00.000Z",
    quick: false,
    plannedRuns: 1,
    environment: { hostname: path },
    configuration: SETTINGS,
    seeds: { schedulesAndOrder: 1 },
    skipped: [],
    notes: [],
    cells,
    ...more,
  };
  return { path, report };
}

const made = new Map<string, CellResult>();

/** Made once for the same options: its histograms take their time. */
function cell(options: MadeCellOptions = {}): CellResult {
  const name = JSON.stringify(options);
  const known =
    made.get(name) ?? madeCell({ requests: 40, repetitions: 1, ...options, key: { ...URL, ...options.key } });
  made.set(name, known);
  return known;
}

const OPTIONS = {
  name: "merged",
  basisOf: ({ scenario }: CellKey, quick: boolean) => ({
    quick,
    openLoop: scenario === "open-loop",
    lossless: true,
  }),
};

test("counts and throughput are those of both, under a key that says what the server was given", () => {
  const report = mergeReports([named("a", [cell()]), named("b", [cell()])], OPTIONS);
  const [merged] = report.cells;
  const single = cell().figures;
  expect(merged?.key).toMatchObject({ concurrency: 2, connections: 2, target: URL.target });
  expect(merged?.name).toContain("/c2/n2/");
  expect(merged?.figures.requests).toBe(2 * single.requests);
  expect(merged?.figures.throughputPerSec).toBeCloseTo(2 * (single.throughputPerSec ?? 0), 9);
  expect(merged?.figures.service.p50Ms).toBe(single.service.p50Ms);
  expect(merged).toMatchObject({ verdict: "VALID", repetitions: 1, answers: { check: "identical" } });
  expect(merged?.runs.map(({ repetition }) => repetition)).toEqual([1]);
  expect(mergeProblems([named("a", [cell()]), named("b", [cell()])])).toEqual([]);
});

test("rates and vehicles add up, samples of a query do not", () => {
  expect(mergedKey(cell({ key: OPEN }).key, 3)).toMatchObject({ ratePerSec: 1200, connections: 48 });
  expect(mergedKey(cell({ key: { ...OPEN, vehicles: 2, connections: "per-vehicle" } }).key, 3)).toMatchObject(
    {
      ratePerSec: 400,
      vehicles: 6,
      connections: "per-vehicle",
    },
  );
  expect(mergedKey(cell({ key: { scenario: "multi-stream", concurrency: 8 } }).key, 3).concurrency).toBe(8);
});

test("the environment names every host, and what differs between them", () => {
  const environments = ["first", "second"].map((hostname) => ({ hostname, cpus: 2 }));
  const report = mergeReports(
    environments.map((environment, index) => named(`r${index}`, [cell()], { environment })),
    OPTIONS,
  );
  expect(report.environment).toEqual({ hostname: ["first", "second"], cpus: 2, hosts: environments });
});

test("a repetition that one generator did not finish is left out, and named", () => {
  const report = mergeReports(
    [named("a", [cell({ repetitions: 2 })]), named("b", [cell({ repetitions: 1 })])],
    OPTIONS,
  );
  expect(report.cells[0]?.runs).toHaveLength(1);
  expect(report.notes.join("\n")).toMatch(/repetition 2 is left out: not every generator finished it/);
});

test("the verdict is of all together", () => {
  const bad = cell({ failure: "The server ended." });
  const report = mergeReports([named("a", [cell()]), named("b", [bad])], OPTIONS);
  expect(report.cells[0]).toMatchObject({ verdict: "FAILED" });
  expect(report.cells[0]?.reasons.join()).toContain("The server ended.");
});

test("the same seed is the same schedule, which is said", () => {
  const twins = ["a", "b"].map((path) =>
    named(path, [cell({ key: OPEN })], { seeds: { schedulesAndOrder: 4 } }),
  );
  expect(mergeReports(twins, OPTIONS).notes.join("\n")).toContain("same schedule");
  const apart = ["a", "b"].map((path, seed) =>
    named(path, [cell({ key: OPEN })], { seeds: { schedulesAndOrder: seed } }),
  );
  expect(mergeReports(apart, OPTIONS).notes.join("\n")).not.toContain("same schedule");
});

test("each machine has its own seed, names and files, and what they share stands in the merged report", () => {
  const first = named("a", [cell()], { configuration: { ...SETTINGS, seed: 1, name: "a", out: "/a" } });
  const second = named("b", [cell()], {
    configuration: { ...SETTINGS, seed: 2, name: "b", out: "/b", schedule: "/b/rush.txt", repetitions: 6 },
  });
  expect(mergeProblems([first, second])).toEqual([]);
  const { configuration } = mergeReports([first, second], OPTIONS);
  expect(configuration).toMatchObject({ durationMs: 1_000, deadlineMs: 100 });
  expect(Object.keys(configuration).toSorted()).toEqual(["deadlineMs", "durationMs", "mergedFrom"]);
  const merged = (path: string): NamedReport => ({ path, report: mergeReports([first, second], OPTIONS) });
  expect(mergeProblems([merged("c"), merged("d")])).toEqual([]);
});

test("a repetition that failed before its window shares no time, and is none to refuse", () => {
  const failed = later(cell({ failure: "No connection." }), 5_000);
  const runs = failed.runs.map((run) => ({ ...run, tally: { ...run.tally, windowNs: 0 } }));
  expect(mergeProblems([named("a", [cell()]), named("b", [{ ...failed, runs }])])).toEqual([]);
});

/** The cell, its runs moved in time. */
function later(result: CellResult, ms: number): CellResult {
  const moved = (time: string): string => new Date(Date.parse(time) + ms).toISOString();
  return { ...result, runs: result.runs.map((run) => ({ ...run, startedAt: moved(run.startedAt) })) };
}

test("windows that share most of their time are merged, with a note where they do not share all", () => {
  const report = mergeReports([named("a", [cell()]), named("b", [later(cell(), 300)])], OPTIONS);
  expect(report.notes.join("\n")).toContain("repetition 1 share 0.7 s of 1.0 s");
  const close = mergeReports([named("a", [cell()]), named("b", [later(cell(), 50)])], OPTIONS);
  expect(close.notes.join("\n")).not.toContain("share");
});

test.each<readonly [string, NamedReport, RegExp]>([
  [
    "another encoding",
    named("b", [cell({ key: { encoding: "json" } })]),
    /encoding 'json' where a has 'binary'$/,
  ],
  [
    "another rate",
    named("b", [cell({ key: { ...OPEN, ratePerSec: 5 } })]),
    /rate_per_sec '5' where a has ''/,
  ],
  ["another server", named("b", [cell({ key: { target: "http://x" } })]), /target 'http:\/\/x' where a has/],
  ["a cell more", named("b", [cell(), cell({ key: { qos: 1 } })]), /no cell .*qos '' where b has '1'/],
  ["a server of its own", named("b", [cell({ key: { target: "managed" } })]), /--url/],
  ["nothing", named("b", []), /holds no finished run/],
  ["smoke runs", named("b", [cell()], { quick: true }), /quick true, but a has quick false/],
  [
    "another deadline",
    named("b", [cell()], { configuration: { ...SETTINGS, deadlineMs: 200 } }),
    /^deadlineMs 200, but a has deadlineMs 100$/,
  ],
  [
    "another schedule",
    named("b", [cell()], { configuration: { ...SETTINGS, schedule: "/b/slow.txt" } }),
    /^schedule 'slow.txt', but a has schedule 'rush.txt'$/,
  ],
  ["another time", named("b", [later(cell(), 5_000)]), /repetition 1 ran from .*: not at the same time/],
])("%s is refused in one line that names what differs", (_what, other, words) => {
  const problems = mergeProblems([named("a", [cell()], { configuration: SETTINGS }), other]);
  expect(problems.length).toBeGreaterThan(0);
  expect(problems[0]?.message).toMatch(words);
  for (const { message } of problems) expect(message).not.toContain("\n");
});
