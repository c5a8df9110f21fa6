import { tooFewRuns } from "./attainable.ts";
import { EXACT_BLOCKS } from "./block-permutation.ts";
import type { Comparison, ComparisonLimits, ComparisonRow, RowState } from "./comparison.ts";
import { decide, type Judged } from "./decide.ts";
import { sameCodeDifference, smallestDetectable } from "./detectable-change.ts";
import { findingsOf } from "./findings.ts";
import { holm } from "./holm.ts";
import { pairedRowTest } from "./paired-row-test.ts";
import type { RowTest } from "./row-test.ts";
import { cellsOf, familyOf, type Series } from "./series.ts";
import type { SideRun } from "./side-runs.ts";
import { unpairedRowTest } from "./unpaired-row-test.ts";

/** The runs of both sides. Paired: those at the same index are a pair, two pairs in a row a block; a run that is missing has no cells. */
export interface Sides {
  readonly base: readonly SideRun[];
  readonly head: readonly SideRun[];
}

/** Compares two sides by the paired t test on log-ratios (runs in A B B A blocks). Pure. */
export function comparePaired(sides: Sides, limits: ComparisonLimits): Comparison {
  const blocks = Math.floor(Math.min(sides.base.length, sides.head.length) / 2);
  const permutation =
    blocks <= EXACT_BLOCKS
      ? `all ${(6 ** blocks).toLocaleString("en")} labellings within blocks`
      : "100,000 random labellings within blocks";
  return { ...compareSides(sides, limits, "paired"), permutation };
}

/** Compares two sides by the Mann–Whitney U test (two results that were not interleaved). Pure. */
export function compareUnpaired(sides: Sides, limits: ComparisonLimits): Comparison {
  return compareSides(sides, limits, "unpaired");
}

function compareSides(
  { base, head }: Sides,
  limits: ComparisonLimits,
  design: Comparison["design"],
): Comparison {
  const cells = cellsOf(base, head);
  const family = familyOf(base, head);
  const tests = family.map((series) =>
    design === "paired" ? pairedRowTest(series) : unpairedRowTest(series),
  );
  const tooFew = design === "unpaired" ? tooFewRuns(tests, limits) : undefined;
  const adjusted = holm(tests.map((test) => test?.pValue));
  const level = limits.alpha / Math.max(1, family.length);
  const judged = family.map((series, index): Judged => {
    const test = tests[index];
    const row = rowOf(series, { test, adjustedP: adjusted[index] ?? 1, level, limits });
    // A test that can flag nothing has not shown that there is nothing.
    return { row: tooFew === undefined || test === undefined ? row : { ...row, state: "undecided" }, test };
  });
  const findings = cells.flatMap(({ name }) => findingsOf(name, base, head));
  return {
    design,
    limits,
    cells,
    rows: judged.map(({ row }) => row),
    findings,
    ...decide({ design, limits, cells, judged, findings, tooFew }),
  };
}

interface RowBasis {
  readonly test: RowTest | undefined;
  readonly adjustedP: number;
  /** α ÷ the family's size. */
  readonly level: number;
  readonly limits: ComparisonLimits;
}

function rowOf(
  { cell, metric, censored }: Series,
  { test, adjustedP, level, limits }: RowBasis,
): ComparisonRow {
  if (test === undefined) {
    return { cell, metric, state: "missing", baseRuns: 0, headRuns: 0, censored, adjustedP };
  }
  const { standardError, degrees, withinStddev, smallestP } = test;
  const detectable =
    standardError === undefined || smallestP > level
      ? undefined
      : smallestDetectable({ standardError, degrees, level, threshold: Math.log1p(limits.threshold) });
  // Where both sides' values lie among unanswered requests they look equal and are not known.
  const state = stateOf(test, adjustedP, { limits, metric });
  return {
    cell,
    metric,
    state: censored && state === "ok" ? "undecided" : state,
    baseRuns: test.baseRuns,
    headRuns: test.headRuns,
    baseMs: Math.exp(test.baseMeanLog),
    headMs: Math.exp(test.headMeanLog),
    censored,
    ratio: Math.exp(test.shift),
    ratioLow: test.low === undefined ? undefined : Math.exp(test.low),
    ratioHigh: test.high === undefined ? undefined : Math.exp(test.high),
    pValue: test.pValue,
    adjustedP,
    permutationP: test.permutationP,
    smallestDetectableRatio: detectable === undefined ? undefined : Math.exp(detectable),
    sameCodeRatio: withinStddev === undefined ? undefined : Math.exp(sameCodeDifference(withinStddev)),
  };
}

/** A significant change over the threshold, either way; else whether the upper bound lies under the tolerance. */
function stateOf(
  { shift, high }: RowTest,
  adjustedP: number,
  { limits, metric }: { readonly limits: ComparisonLimits; readonly metric: Series["metric"] },
): RowState {
  const threshold = Math.log1p(limits.threshold);
  if (adjustedP <= limits.alpha && shift > threshold) return "regressed";
  if (adjustedP <= limits.alpha && shift < -threshold) return "improved";
  return high !== undefined && high < Math.log1p(limits.tolerance[metric]) ? "ok" : "undecided";
}
