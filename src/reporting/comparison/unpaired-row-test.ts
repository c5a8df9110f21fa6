import { hodgesLehmann } from "./hodges-lehmann.ts";
import { mannWhitney, smallestRankSumP } from "./mann-whitney.ts";
import { meanOf, type RowTest } from "./row-test.ts";
import type { Series } from "./series.ts";

/** The U test needs 3/π of the t test's sample for the same power on normal data (Pitman's efficiency), the other way round. */
const EFFICIENCY = 3 / Math.PI;

/**
 * Mann–Whitney U on the runs of two sides, with Hodges and Lehmann's shift and interval.
 * @returns absent when a side has no value.
 */
export function unpairedRowTest(series: Pick<Series, "base" | "head">): RowTest | undefined {
  const base = series.base.filter((value) => value !== undefined);
  const head = series.head.filter((value) => value !== undefined);
  if (base.length === 0 || head.length === 0) return undefined;
  const { estimate, low, high } = hodgesLehmann(base, head);
  const degrees = base.length + head.length - 2;
  const squares = (values: readonly number[]): number => {
    const mean = meanOf(values);
    return values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  };
  const withinStddev = degrees > 0 ? Math.sqrt((squares(base) + squares(head)) / degrees) : undefined;
  return {
    baseRuns: base.length,
    headRuns: head.length,
    baseMeanLog: meanOf(base),
    headMeanLog: meanOf(head),
    shift: estimate,
    low,
    high,
    pValue: mannWhitney(base, head).pValue,
    standardError:
      withinStddev === undefined
        ? undefined
        : withinStddev * Math.sqrt((1 / base.length + 1 / head.length) / EFFICIENCY),
    degrees,
    withinStddev,
    smallestP: smallestRankSumP(base.length, head.length),
  };
}
