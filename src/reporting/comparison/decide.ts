import type { TooFew } from "./attainable.ts";
import { labelsOf } from "./cell-labels.ts";
import type { Comparison, ComparisonLimits, ComparisonRow } from "./comparison.ts";
import type { RowTest } from "./row-test.ts";
import { changeText, intervalText, probabilityPhrase } from "./row-texts.ts";

/** A row with the test behind it. */
export interface Judged {
  readonly row: ComparisonRow;
  readonly test: RowTest | undefined;
}

type Basis = Pick<Comparison, "design" | "limits" | "cells" | "findings"> & {
  readonly judged: readonly Judged[];
  /** Present: no row's state says anything. */
  readonly tooFew: TooFew | undefined;
};

type Decision = Pick<Comparison, "outcome" | "reasons" | "improvements" | "moreRepetitions">;

/** Beyond so many times the runs that there are, fewer disturbances help more than more runs. */
const NOISY_TIMES = 10;

/** The outcome of a comparison: the first that holds of REGRESSED, OK, INCONCLUSIVE. Pure. */
export function decide(basis: Basis): Decision {
  const { judged, findings, cells, tooFew } = basis;
  const labels = labelsOf(cells);
  const label = ({ cell }: { readonly cell?: string | undefined }): string =>
    cell === undefined ? `all ${cells.length} cells` : (labels.get(cell) ?? cell);
  const sentence = (row: ComparisonRow): string =>
    `${label(row)} ${row.metric}: ${changeText(row)} (95 % interval ${intervalText(row)}; p ${probabilityPhrase(row.adjustedP)} after Holm).`;
  const rows = judged.map(({ row }) => row);
  const improvements = rows.filter(({ state }) => state === "improved").map(sentence);
  const changed = findings.filter(({ kind }) => kind === "changed-answer");
  const regressed = rows.filter(({ state }) => state === "regressed");
  if (changed.length > 0 || regressed.length > 0) {
    const reasons = [
      ...changed.map((finding) => `${label(finding)}: ${finding.text}`),
      ...regressed.map(sentence),
    ];
    return { outcome: "REGRESSED", reasons, improvements };
  }
  if (tooFew !== undefined) {
    return { outcome: "INCONCLUSIVE", reasons: [tooFew.text], improvements, moreRepetitions: tooFew.more };
  }
  const barring = findings
    .filter(({ kind }) => kind === "missing" || kind === "unsound" || kind === "lost-requests")
    .map((finding) => `${label(finding)}: ${finding.text}`);
  const family = judged.filter(({ row }) => row.cell !== undefined);
  const open = family.filter(({ row }) => row.state === "undecided" || row.state === "missing");
  if (family.length > 0 && open.length === 0 && barring.length === 0) {
    return { outcome: "OK", reasons: [okText(basis.limits, family.length)], improvements };
  }
  const moreRepetitions = moreFor(open, basis.limits);
  return {
    outcome: "INCONCLUSIVE",
    reasons: [
      ...barring,
      ...open.filter(({ row }) => row.state === "undecided").map(({ row }) => `Undecided: ${sentence(row)}`),
      ...(family.length === 0 ? ["There is nothing to compare."] : []),
      ...(moreRepetitions === undefined ? [] : [moreText(basis, moreRepetitions)]),
    ],
    improvements,
    moreRepetitions,
  };
}

function okText({ tolerance }: ComparisonLimits, rows: number): string {
  const percent = (value: number): string => `${Number((100 * value).toPrecision(3))} %`;
  return `In ${rows === 1 ? "the only row" : `all ${rows} rows`} the upper 95 % bound of the change is under the tolerance (p50 ${percent(tolerance.p50)}, p99 ${percent(tolerance.p99)}).`;
}

/**
 * About how many repetitions are missing: n · ((half width ÷ tolerance)² − 1), the most of all open rows. Where the interval is
 * narrow enough but its estimate lies near the tolerance, the same with what is left between the two.
 */
function moreFor(open: readonly Judged[], { tolerance }: ComparisonLimits): number | undefined {
  const needs = open.flatMap(({ row, test }) => {
    if (test === undefined || test.low === undefined || test.high === undefined) return [];
    const count = Math.min(test.baseRuns, test.headRuns);
    const limit = Math.log1p(tolerance[row.metric]);
    const half = (test.high - test.low) / 2;
    const missing = (room: number): number => count * ((half / room) ** 2 - 1);
    const need = half > limit ? missing(limit) : missing(Math.max(limit - test.shift, limit / 4));
    return [Math.max(1, Math.ceil(need))];
  });
  return needs.length > 0 ? Math.max(...needs) : undefined;
}

function moreText({ design, judged }: Basis, more: number): string {
  const count = more.toLocaleString("en");
  const blocks = Math.ceil(more / 2).toLocaleString("en");
  const have = Math.max(...judged.map(({ test }) => test?.baseRuns ?? 0));
  const advice =
    more > NOISY_TIMES * have
      ? " The machine is too noisy for this: free it of other load, or lengthen --duration."
      : "";
  const what =
    design === "unpaired"
      ? `About ${count} more repetitions a side would decide it.`
      : `About ${count} more repetitions (pairs) would decide it: ${blocks} more ${blocks === "1" ? "block" : "blocks"}.`;
  return what + advice;
}
