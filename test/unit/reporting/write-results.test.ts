import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { InputError } from "../../../src/core/errors.ts";
import { readReport } from "../../../src/reporting/read-report.ts";
import { createResultsFolder, resultsFolderName } from "../../../src/reporting/results-folder.ts";
import { writeResults } from "../../../src/reporting/write-results.ts";
import { madeReport } from "./made-report.ts";

let out: string;
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), "wirebench-results-"));
});
afterEach(async () => {
  await rm(out, { recursive: true });
});

test("three whole files and nothing else, however often they are written", async () => {
  const folder = await createResultsFolder(out, new Date("2026-03-14T09:15:00.123Z"), "street");
  const report = madeReport();
  await writeResults(folder, { ...report, state: "running", cells: report.cells.slice(0, 1) });
  await writeResults(folder, report);
  expect((await readdir(folder)).toSorted()).toEqual(["report.json", "runs.csv", "summary.csv"]);
  expect((await readFile(join(folder, "summary.csv"), "utf8")).trimEnd().split("\n")).toHaveLength(6);
});

test("what was written is read back, by its folder or its file", async () => {
  const report = madeReport();
  await writeResults(out, report);
  const expected = JSON.parse(JSON.stringify(report));
  expect(await readReport(out)).toEqual(expected);
  expect(await readReport(join(out, "report.json"))).toEqual(expected);
});

test.each([
  ["is not there", undefined, "cannot read"],
  ["is not JSON", "{", "expected a report in JSON"],
  ["is of another version", '{"schemaVersion":99}', "schema version 1, got 99"],
  ["is something else", "[]", "got none"],
])("a report that %s is an input error", async (_what, text, message) => {
  if (text !== undefined) await writeFile(join(out, "report.json"), text);
  const reading = readReport(out);
  await expect(reading).rejects.toThrow(message);
  await expect(reading).rejects.toBeInstanceOf(InputError);
});

test("folders are named by UTC time and a safe name; a second one in the same second gets a number", async () => {
  const at = new Date("2026-03-14T09:15:00.123Z");
  expect(resultsFolderName(at, "street")).toBe("20260314T091500Z-street");
  expect(resultsFolderName(at, "../a b/:c.")).toBe("20260314T091500Z-a-b-c");
  expect(resultsFolderName(at, "//")).toBe("20260314T091500Z-bench");
  expect(await createResultsFolder(out, at, "x")).toBe(join(out, "20260314T091500Z-x"));
  expect(await createResultsFolder(out, at, "x")).toBe(join(out, "20260314T091500Z-x-2"));
});
