import type { Comparison } from "./comparison.ts";

/**
 * Whether every cell's interval is narrow enough to stop: at most half the tolerance to each side, so that sides that are the same
 * come out OK in 97 of 100 rows. Looks at the width alone: stopping at a significant difference would find one sooner or later
 * where there is none. Rows without anything to compare do not count.
 */
export function isNarrow({ rows, limits }: Pick<Comparison, "rows" | "limits">): boolean {
  return rows
    .filter(({ cell, state }) => cell !== undefined && state !== "missing")
    .every(({ ratioLow, ratioHigh, metric }) => {
      if (ratioLow === undefined || ratioHigh === undefined) return false;
      return Math.log(ratioHigh / ratioLow) / 2 <= Math.log1p(limits.tolerance[metric]) / 2;
    });
}
