import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CellResult } from "../../src/recording/cell-result.ts";
import type { Report } from "../../src/reporting/report.ts";
import { writeResults } from "../../src/reporting/write-results.ts";
import { madeCell } from "../unit/recording/made-cell.ts";
import { madeReport } from "../unit/reporting/made-report.ts";
import { run } from "./wirebench.ts";

/** A cell whose repetitions' medians are these, in milliseconds. */
function cellOf(mediansMs: readonly number[], key: Parameters<typeof madeCell>[0] = {}): CellResult {
  const cell = madeCell({ requests: 100, repetitions: mediansMs.length, ...key });
  const runs = cell.runs.map((one, index) => ({
    ...one,
    figures: { ...one.figures, service: { ...one.figures.service, p50Ms: mediansMs[index] } },
  }));
  return { ...cell, runs };
}

/** So many medians around 10 ms · factor, all different. */
const medians = (count: number, factor = 1): readonly number[] =>
  Array.from({ length: count }, (_, i) => 10 * factor * (1 + ((i * 5) % count) / 500));

describe("compare", () => {
  let folder: string;
  const path = (name: string): string => join(folder, name);
  const write = async (
    name: string,
    cells: readonly CellResult[],
    more: Partial<Report> = {},
  ): Promise<void> => {
    await writeResults(path(name), madeReport({ name, cells, ...more }));
  };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "wirebench-compare-"));
    await write("base", [cellOf(medians(8))]);
    await write("same", [cellOf(medians(8, 1.002))]);
    await write("slower", [cellOf(medians(8, 1.2))]);
    await write("faster", [cellOf(medians(8, 0.8))]);
    await write("few", [cellOf(medians(4, 1.5))]);
    await write("few-base", [cellOf(medians(4))]);
    await write("second-few", [cellOf(medians(4, 1.501))]);
    await write("second-base", [cellOf(medians(4, 1.001))]);
    await write("grpc", [cellOf(medians(8), { key: { transport: "grpc" } })]);
    await write("two", [cellOf(medians(8)), cellOf(medians(8), { key: { transport: "grpc" } })]);
    await write("elsewhere", [cellOf(medians(8))], { environment: { hostname: "other", cpus: 2 } });
    await write("longer", [cellOf(medians(8))], { configuration: { repetitions: 8, durationMs: 99 } });
    await write("quick", [cellOf(medians(8))], { quick: true });
    await write("empty", []);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each([
    ["same", 0, /^OK: In the only row the upper/m],
    ["slower", 1, /^REGRESSED: http binary p50: \+\d\d\.\d %/m],
    ["faster", 0, /^Improved: http binary p50: -\d\d\.\d %/m],
    ["two", 2, /^INCONCLUSIVE: grpc binary: The base has no run of this cell\./m],
  ])("base against %s ends with %i", async (head, code, says) => {
    const ended = await run(["compare", path("base"), path(head)]);
    expect(ended.stderr).toBe("");
    expect(ended.stdout).toMatch(says);
    expect(ended.code).toBe(code);
  });

  it("says at once how many repetitions are needed where so few can flag nothing", async () => {
    const ended = await run(["compare", path("few-base"), path("few")]);
    expect(ended.code).toBe(2);
    expect(ended.stdout).toMatch(/4 repetitions a side are too few for 1 row: .*--repetitions 6\)/s);
  });

  it("takes several results a side", async () => {
    const ended = await run([
      ...["compare", "--base", path("few-base"), path("second-base")],
      ...["--head", path("few"), path("second-few")],
    ]);
    expect(ended.stdout).toMatch(/^REGRESSED: /m);
    expect(ended.code).toBe(1);
  });

  it("writes text, Markdown and JSON", async () => {
    const out = path("comparison");
    const ended = await run(["compare", path("base"), join(path("slower"), "report.json"), "--out", out]);
    expect(ended.code).toBe(1);
    expect(await readFile(join(out, "comparison.txt"), "utf8")).toBe(ended.stdout);
    expect(await readFile(join(out, "comparison.md"), "utf8")).toMatch(/^## wirebench compare: REGRESSED/);
    const json: unknown = JSON.parse(await readFile(join(out, "comparison.json"), "utf8"));
    expect(json).toMatchObject({
      schemaVersion: 1,
      kind: "compare",
      outcome: "REGRESSED",
      exitCode: 1,
      comparison: { design: "unpaired", rows: [{ metric: "p50", state: "regressed", baseRuns: 8 }] },
    });
  });

  it("compares unlike results only when told to", async () => {
    const refused = await run(["compare", path("base"), path("elsewhere")]);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toMatch(/^wirebench: .*hostname: 'bench' in .*, 'other' in .*\n$/);
    expect((await run(["compare", path("base"), path("longer")])).stderr).toMatch(/durationMs: \(not set\)/);
    const allowed = await run(["compare", path("base"), path("elsewhere"), "--allow-different-environment"]);
    expect(allowed.code).toBe(0);
    expect(allowed.stdout).toContain("unlike: hostname");
  });

  it.each([
    ["no cell in common", ["base", "grpc"], /no cell in common: the base has http.*the head grpc/],
    ["the same result twice", ["base", "base"], /there twice/],
    ["a quick result", ["base", "quick"], /--quick/],
    ["a result without a run", ["base", "empty"], /holds no run/],
    ["a folder that is not there", ["base", "none"], /none.*cannot read the report/],
    ["one result only", ["base"], /expected two results/],
    ["a wrong tolerance", ["base", "same", "--tolerance", "p42=1%"], /--tolerance: expected a list/],
    ["an unknown option", ["base", "same", "--tolrance", "1"], /unknown option '--tolrance'/],
  ])("%s is one line and exit code 3", async (_what, args, says) => {
    const ended = await run(["compare", ...args.map((arg) => (/^(--|p42|1)/.test(arg) ? arg : path(arg)))]);
    expect(ended.code, ended.stderr).toBe(3);
    const lines = ended.stderr.split("\n").filter((line) => line.startsWith("wirebench: "));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(says);
    expect(ended.stderr).not.toMatch(/\n\s+at /);
  });
});
