import { describe, expect, it } from "vitest";
import { comparePaired, compareUnpaired } from "../../../../src/reporting/comparison/compare-sides.ts";
import { DEFAULT_LIMITS } from "../../../../src/reporting/comparison/comparison.ts";
import { comparisonMarkdown } from "../../../../src/reporting/comparison/comparison-markdown.ts";
import type { ComparisonReport } from "../../../../src/reporting/comparison/comparison-report.ts";
import { formatComparison } from "../../../../src/reporting/comparison/format-comparison.ts";
import { probabilityText, ratioText } from "../../../../src/reporting/comparison/row-texts.ts";
import { simulator } from "./made-sides.ts";

function report(ratio: number, design: "paired" | "unpaired" = "paired"): ComparisonReport {
  const sides = simulator({ seed: 1, runs: 10, cells: 3, noise: 0.01, ratio })();
  const comparison = (design === "paired" ? comparePaired : compareUnpaired)(sides, DEFAULT_LIMITS);
  return {
    schemaVersion: 1,
    kind: design === "paired" ? "gate" : "compare",
    state: "complete",
    startedAt: "2026-03-14T09:15:00.000Z",
    base: { name: "origin/main", description: "commit 1234567 the|title" },
    head: { name: "this checkout", description: "commit 89abcde" },
    notes: ["A note."],
    outcome: comparison.outcome,
    exitCode: 0,
    comparison,
  };
}

describe("formatComparison", () => {
  it.each(["paired", "unpaired"] as const)("fits 120 columns and ends with the outcome (%s)", (design) => {
    const text = formatComparison(report(1.2, design));
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(120);
    const lines = text.split("\n");
    expect(lines.find((line) => line.startsWith("REGRESSED: local binary p50: +"))).toBeDefined();
    expect(text).toMatch(/\nall cells .*REGRESSED/);
    expect(text.includes("p perm")).toBe(design === "paired");
    expect(text).toContain("A note.");
  });

  it("names improvements", () => {
    const text = formatComparison(report(0.8));
    expect(text).toContain("Improved: grpc binary p50: -2");
    expect(text).toContain("OK: In all 3 rows the upper 95 % bound");
  });

  it("says that an interrupted gate is partial", () => {
    expect(formatComparison({ ...report(1), state: "interrupted" })).toContain(
      "Partial: not every run was made.",
    );
  });
});

describe("comparisonMarkdown", () => {
  it("is one table with as many cells in every line", () => {
    const text = comparisonMarkdown(report(1.2));
    const table = text.split("\n").filter((line) => line.startsWith("|"));
    // Heading, rule, three cells and their mean.
    expect(table).toHaveLength(6);
    const cells = table.map((line) => line.replaceAll("\\|", "").split("|").length);
    expect(new Set(cells).size).toBe(1);
    expect(text).toMatch(/^## wirebench gate: REGRESSED\n/);
    expect(text).toContain("the\\|title");
  });
});

describe("texts of numbers", () => {
  it.each([
    [1.0312, "+3.1 %"],
    [0.9961, "-0.4 %"],
    [1.00001, "0.0 %"],
    [0.99999, "0.0 %"],
    [3.519, "×3.52"],
    [1234.5, "×1235"],
    [undefined, "-"],
  ])("the ratio %s is %s", (ratio, text) => {
    expect(ratioText(ratio)).toBe(text);
  });

  it.each([
    [1, "1.000"],
    [0.0312, "0.031"],
    [0.000257, "0.000257"],
    [1e-9, "< 0.000001"],
  ])("the probability %s is %s", (p, text) => {
    expect(probabilityText(p)).toBe(text);
  });
});
