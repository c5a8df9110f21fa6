import { textTable, wrapText } from "../text-table.ts";
import { labelsOf } from "./cell-labels.ts";
import type { Comparison } from "./comparison.ts";
import { commonText, comparisonColumns, comparisonLegend } from "./comparison-columns.ts";
import type { ComparisonReport } from "./comparison-report.ts";

const WIDTH = 120;
/** `all cells` is never cut. */
const LEAST_KEY = 9;

/** A comparison for a terminal: at most 120 columns, the outcome with its reasons last. */
export function formatComparison(report: ComparisonReport): string {
  const { base, head, comparison, notes } = report;
  const columns = comparisonColumns(comparison).map(({ isKey, ...column }) => ({
    ...column,
    ...(isKey ? { least: LEAST_KEY } : {}),
  }));
  return [
    `base ${base.name}: ${base.description}`,
    `head ${head.name}: ${head.description}`,
    ...wrapText(commonText(comparison), WIDTH, "  "),
    "",
    ...textTable(columns, WIDTH),
    "",
    ...comparisonLegend(comparison).flatMap((line) => wrapText(line, WIDTH, "  ")),
    ...[...notes, ...findingLines(comparison)].flatMap((line) => wrapText(line, WIDTH, "  ")),
    "",
    ...outcomeLines(report).flatMap((line) => wrapText(line, WIDTH, "  ")),
  ].join("\n");
}

/** What was found beside the times and is only for the reader. */
export function findingLines({ findings, cells }: Comparison): readonly string[] {
  const labels = labelsOf(cells);
  return findings
    .filter(({ kind }) => kind === "note")
    .map(({ cell, text }) => `${labels.get(cell) ?? cell}: ${text}`);
}

/** The outcome, what became faster, why, and how far it got. */
export function outcomeLines({ comparison, state }: ComparisonReport): readonly string[] {
  const { outcome, reasons, improvements } = comparison;
  return [
    ...improvements.map((line) => `Improved: ${line}`),
    ...(state === "complete" ? [] : ["Partial: not every run was made."]),
    ...reasons.map((reason, index) => (index === 0 ? `${outcome}: ${reason}` : reason)),
  ];
}
