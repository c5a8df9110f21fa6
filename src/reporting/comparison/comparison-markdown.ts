import { commonText, comparisonColumns, comparisonLegend } from "./comparison-columns.ts";
import type { ComparisonReport } from "./comparison-report.ts";
import { findingLines, outcomeLines } from "./format-comparison.ts";

/** A comparison as Markdown, e.g. for a pull request or a job's summary. */
export function comparisonMarkdown(report: ComparisonReport): string {
  const { kind, base, head, comparison, notes } = report;
  const columns = comparisonColumns(comparison);
  const common = commonText(comparison);
  const row = (cells: readonly string[]): string => `| ${cells.map(escaped).join(" | ")} |`;
  return [
    `## wirebench ${kind}: ${comparison.outcome}`,
    "",
    ...outcomeLines(report).map((line) => `- ${escaped(line)}`),
    "",
    row(columns.map(({ heading }) => heading)),
    `|${columns.map(({ align }) => (align === "right" ? "---:" : "---")).join("|")}|`,
    ...comparison.rows.map((_, at) => row(columns.map(({ cells }) => cells[at] ?? ""))),
    "",
    `Base \`${base.name}\`: ${escaped(base.description)}  `,
    `Head \`${head.name}\`: ${escaped(head.description)}`,
    "",
    ...(common === "" ? [] : [escaped(common), ""]),
    ...comparisonLegend(comparison),
    ...[...notes, ...findingLines(comparison)].flatMap((line) => ["", escaped(line)]),
    "",
  ].join("\n");
}

/** What would end a table's cell or begin markup. */
function escaped(text: string): string {
  return text.replaceAll(/([|<>*_`\\])/g, "\\$1");
}
