import { splitKeys } from "../key-columns.ts";
import type { Comparison, ComparisonRow } from "./comparison.ts";
import { changeText, intervalText, msText, shortProbabilityText, sizeText } from "./row-texts.ts";

/** A column of the table of a comparison, for the terminal and for Markdown. */
export interface ComparisonColumn {
  readonly heading: string;
  readonly cells: readonly string[];
  readonly align: "left" | "right";
  /** What tells cells apart, which may be cut on a terminal. */
  readonly isKey: boolean;
}

const STATES: Readonly<Record<ComparisonRow["state"], string>> = {
  regressed: "REGRESSED",
  improved: "improved",
  ok: "ok",
  undecided: "undecided",
  missing: "missing",
};

/** The table of a comparison, column by column; a line per row. */
export function comparisonColumns({ cells, rows, design }: Comparison): readonly ComparisonColumn[] {
  const { columns } = splitKeys(cells.map(({ key }) => key));
  const indexes = new Map(cells.map(({ name }, index) => [name, index]));
  const keys = columns.map(({ name, values }, column): ComparisonColumn => {
    const text = ({ cell }: ComparisonRow): string => {
      if (cell === undefined) return column === 0 ? "all cells" : "";
      return values[indexes.get(cell) ?? -1] || "-";
    };
    return { heading: name, cells: rows.map(text), align: "left", isKey: true };
  });
  const figures = (heading: string, text: (row: ComparisonRow) => string): ComparisonColumn => ({
    heading,
    cells: rows.map(text),
    align: "right",
    isKey: false,
  });
  return [
    ...keys,
    { ...figures("", ({ metric }) => metric), align: "left" },
    figures("runs", ({ baseRuns, headRuns }) =>
      baseRuns === headRuns ? String(baseRuns) : `${baseRuns}/${headRuns}`,
    ),
    figures("base", ({ baseMs }) => msText(baseMs)),
    figures("head", ({ headMs }) => msText(headMs)),
    figures("change", changeText),
    figures("95 % interval", intervalText),
    figures("p Holm", ({ adjustedP, state }) =>
      state === "missing" ? "-" : shortProbabilityText(adjustedP),
    ),
    ...(design === "paired"
      ? [figures("p perm", ({ permutationP }) => shortProbabilityText(permutationP))]
      : []),
    figures("detects", ({ smallestDetectableRatio }) => sizeText(smallestDetectableRatio)),
    figures("A/A ±", ({ sameCodeRatio }) => sizeText(sameCodeRatio)),
    { ...figures("result", ({ state }) => STATES[state]), align: "left" },
  ];
}

/** What all cells have in common; not the servers' URLs, which differ between the sides. */
export function commonText({ cells }: Comparison): string {
  const { common } = splitKeys(cells.map(({ key }) => key));
  return common.filter((item) => !item.startsWith("target ")).join(" · ");
}

/** What the columns mean, in sentences. */
export function comparisonLegend({ design, limits, rows, permutation }: Comparison): readonly string[] {
  const percent = (value: number): string => `${Number((100 * value).toPrecision(3))} %`;
  const { threshold, tolerance, alpha } = limits;
  const family = `Holm over ${rows.length} ${rows.length === 1 ? "row" : "rows"} at ${alpha}`;
  const test =
    design === "paired"
      ? `Paired t on the log-ratios of head to base in A B B A blocks, ${family}; p perm: ${permutation ?? "labellings within blocks"}, unadjusted, as a check.`
      : `Mann–Whitney U on the runs, change and interval by Hodges and Lehmann, ${family}.`;
  return [
    `${test} base and head are geometric means in ms.`,
    `REGRESSED: significant and over ${percent(threshold)}. ok: the upper 95 % bound is under ${percent(tolerance.p50)} (p50) or ${percent(tolerance.p99)} (p99).`,
    "detects: a true change of this size would be flagged in 80 of 100 such comparisons. A/A ±: two runs of the same side differ by less in 95 of 100 cases on this machine.",
  ];
}
