import { median } from "../../recording/statistics/median.ts";
import { intervalRank } from "./mann-whitney.ts";

/** A shift with the ends of its interval; an end is absent where so few values have no such interval. */
export interface ShiftEstimate {
  readonly estimate: number;
  readonly low?: number | undefined;
  readonly high?: number | undefined;
}

/**
 * By how much the head's values lie above the base's: the median of all pairwise differences, with the 95 % distribution-free
 * interval that belongs to the U test.
 *
 * @param base - finite; at least one.
 * @param head - finite; at least one.
 * @see https://doi.org/10.1214/aoms/1177704172 (Hodges, Lehmann)
 */
export function hodgesLehmann(base: readonly number[], head: readonly number[]): ShiftEstimate {
  const differences = base.flatMap((a) => head.map((b) => b - a)).sort((x, y) => x - y);
  const rank = intervalRank(base.length, head.length);
  return {
    estimate: median(differences),
    low: rank === 0 ? undefined : differences[rank - 1],
    high: rank === 0 ? undefined : differences[differences.length - rank],
  };
}
