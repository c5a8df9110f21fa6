import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { VERDICTS } from "../../../src/core/verdict.ts";
import { FEWEST_REQUESTS } from "../../../src/recording/duration-figures.ts";
import { runRow } from "../../../src/reporting/columns.ts";
import { peakCsv } from "../../../src/reporting/peak/peak-csv.ts";
import { madeCell } from "../recording/made-cell.ts";
import { madePoint } from "../recording/peak/made-point.ts";

const text = readFileSync(fileURLToPath(new URL("../../../docs/methodology.md", import.meta.url)), "utf8");

/** What stands between a heading and the next one of the same depth. */
function section(heading: string): string {
  const [, after = ""] = text.split(`\n## ${heading}\n`);
  return after.split("\n## ")[0] ?? "";
}

/** `a_{b,c}_d` as a shell would write it out. */
function expand(pattern: string): readonly string[] {
  const match = /^([^{]*)\{([^}]*)\}(.*)$/.exec(pattern);
  if (match === null) return [pattern];
  const [, before = "", choices = "", after = ""] = match;
  return choices.split(",").flatMap((choice) => expand(`${before}${choice}${after}`));
}

function codeSpans(line: string): readonly string[] {
  return [...line.matchAll(/`([^`]+)`/g)].map(([, span]) => span ?? "");
}

const named = section("7. Every column")
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .flatMap((line) => codeSpans(line.split(" | ")[0] ?? ""))
  .flatMap(expand);

describe("docs/methodology.md", () => {
  it("names every column of the CSV files, each once, and no other", () => {
    const cell = madeCell();
    const columns = runRow(cell, cell.runs[0]!).map(([column]) => column);
    expect(named.toSorted()).toEqual(columns.toSorted());
  });

  it("names every verdict", () => {
    for (const verdict of VERDICTS)
      expect(section("5. Verdicts")).toMatch(new RegExp(`^\\| ${verdict} \\|`, "m"));
  });

  it("gives the numbers of requests that the code goes by", () => {
    const { p90, p95, p99, p999 } = FEWEST_REQUESTS;
    const row = [p90, p95, p99, p999].map((count) => count.toLocaleString("en")).join(" | ");
    expect(text).toContain(`| Requests at least | ${row} |`);
  });

  it("names the columns of peak.csv beyond the key and the counts", () => {
    const { key } = madeCell({ key: { scenario: "open-loop", concurrency: undefined } });
    const cell = {
      name: "",
      key,
      executionProvider: "",
      state: "confirmed",
      notes: [],
      points: [madePoint(100)],
    };
    const header = peakCsv({ cells: [{ ...cell, state: "confirmed" }] }).split("\n")[0] ?? "";
    const known = new Set([...named, ...codeSpans(section("9. The peak"))]);
    expect(header.split(",").filter((column) => !known.has(column))).toEqual([]);
  });

  it("links to nothing that is not there", () => {
    const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    );
    for (const [, anchor = ""] of text.matchAll(/\]\(#([^)]+)\)/g)) expect(headings).toContain(anchor);
  });
});
