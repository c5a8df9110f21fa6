import { expect, test } from "vitest";
import { INTERRUPTED } from "../../../src/recording/cell-result.ts";
import { exitCodeOf } from "../../../src/reporting/exit-code.ts";
import { formatTable } from "../../../src/reporting/format-table.ts";
import { textTable, wrapText } from "../../../src/reporting/text-table.ts";
import { madeCell } from "../recording/made-cell.ts";
import { madeReport } from "./made-report.ts";

const report = madeReport();

test("no line is wider than 120 columns, with long names too", () => {
  const long = madeReport({
    cells: [
      madeCell({
        key: {
          model: "deeplabv3p-mnv3small-aiedge.f32",
          tuning: "defaults",
          placement: "client",
          device: "gpu",
        },
      }),
      madeCell({
        key: { input: "aiedge_bayer_rggb8_1936x1216.bag:/camera/image_raw@968x608", concurrency: 16, qos: 1 },
      }),
      madeCell({ failure: "The server ended with signal SIGKILL before its warm-up was over. ".repeat(4) }),
    ],
  });
  for (const lines of [formatTable(report), formatTable(long)]) {
    for (const line of lines.split("\n")) expect(line.length, line).toBeLessThanOrEqual(120);
  }
});

test("a line per cell under its own headline, with what is common said once", () => {
  const text = formatTable(report);
  expect(text).toContain("not of a network");
  expect(text).toContain("Node.js");
  expect(text).toContain("Closed loop: service time");
  expect(text).toContain("Open loop: response time");
  expect(text.match(/m1-small/g)?.length).toBe(2);
  expect(text.split("\n").filter((line) => /^(http|mqtt|local) /.test(line))).toHaveLength(5);
  expect(text).toContain("model m1-small · device cpu · input street.bag");
});

test("what the transport alone decides is no column", () => {
  const text = formatTable(report);
  expect(text).toContain("protocol_version http 1.1, mqtt 3.1.1");
  expect(text).toMatch(/^transport {2}encoding {2}verdict {2}answers +reqs .* infer +sent +back$/m);
});

test("percentiles that are censored or too early are no numbers", () => {
  const censored = formatTable({
    ...report,
    cells: [madeCell({ requests: 30, alsoFailed: "INTERNAL", repetitions: 13 })],
  });
  expect(censored).toMatch(/> 10000/);
  const few = formatTable({ ...report, cells: [madeCell({ requests: 10 })] });
  expect(few).toMatch(/VALID\s+identical\s+20\s+0\s+10\.0\d?\s+-/);
});

test("the p99 has its interval, and a mark where the requests are worth too few for it", () => {
  const cell = madeCell();
  // A server that says nothing of its stages leaves room for it.
  const text = formatTable({ ...report, cells: [{ ...cell, figures: { ...cell.figures, stages: {} } }] });
  expect(text).toMatch(/ p99 from-to$/m);
  expect(text).toMatch(/ 10\.0\d-10\.0\d$/m);
  expect(text).not.toContain("~");
  expect(text).not.toContain("infer  ");
  const weak = {
    ...cell,
    figures: { ...cell.figures, effectiveRequests: 40, weakPercentiles: ["p95", "p99"] },
  };
  const marked = formatTable({ ...report, cells: [weak] });
  expect(marked).toMatch(/ 10\.0\d +~10\.0\d /);
  expect(marked).toContain("~: neighbouring requests are alike");
});

test("an open loop shows the age of what is known", () => {
  const open = report.cells.filter(({ key }) => key.scenario === "open-loop");
  expect(formatTable({ ...report, cells: open })).toContain("age p99");
  expect(formatTable({ ...report, cells: [madeCell()] })).not.toContain("age p99");
});

test("reasons stand below in full words", () => {
  expect(formatTable(report)).toContain(
    "FAILED local binary closed-loop 1: The server ended with signal SIGKILL.",
  );
});

test("a partial and a quick report say so", () => {
  expect(formatTable({ ...report, state: "interrupted" })).toContain("Partial: 10 of 12 runs.");
  const brokenOff = madeCell({ repetitions: 2, failure: INTERRUPTED });
  const begun = formatTable({ ...report, cells: [brokenOff], state: "interrupted" });
  expect(begun).toContain("Partial: 0 of 12 runs.");
  expect(begun).toContain("FAILED");
  expect(formatTable({ ...report, quick: true })).toContain("quick run");
  expect(formatTable({ ...report, cells: [] })).toBe("Nothing was measured.");
});

test("the exit code is 1 with an INVALID or FAILED cell", () => {
  expect(exitCodeOf(report)).toBe(1);
  expect(exitCodeOf({ cells: report.cells.filter(({ verdict }) => verdict !== "FAILED") })).toBe(0);
  expect(exitCodeOf({ cells: [madeCell({ quick: true })] })).toBe(0);
  expect(exitCodeOf({ cells: [] })).toBe(1);
});

test("a table that is too wide cuts what may be cut, then leaves out what may be left out", () => {
  const columns = [
    { heading: "name", cells: ["abcdefghijkl"], align: "left", least: 8 },
    { heading: "n", cells: ["123"], align: "right" },
    { heading: "more", cells: ["1"], align: "right", optional: true },
  ] as const;
  expect(textTable(columns, 40)).toEqual(["name            n  more", "abcdefghijkl  123     1"]);
  expect(textTable(columns, 20)).toEqual(["name         n  more", "abcdefgh…  123     1"]);
  expect(textTable(columns, 14)).toEqual(["name         n", "abcdefgh…  123"]);
  expect(textTable(columns, 10)).toEqual(["name     n", "abcd…  123"]);
});

test("texts break at spaces", () => {
  expect(wrapText("one two three", 8, "  ")).toEqual(["one two", "  three"]);
  expect(wrapText("unbreakable", 3)).toEqual(["unbreakable"]);
});
