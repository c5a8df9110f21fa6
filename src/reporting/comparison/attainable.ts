import type { ComparisonLimits } from "./comparison.ts";
import { fewestPerSide } from "./mann-whitney.ts";
import type { RowTest } from "./row-test.ts";
import { probabilityText } from "./row-texts.ts";

/** A p-value of exactly α ÷ m would leave room for the one perfect order of all runs only; a tenth of it for some more. */
const ROOM = 10;

/** What the smallest p-value that the runs can give must be at most: α ÷ (10 · m). @param rows - m, the family's size. */
export function requiredSmallestP({ alpha }: Pick<ComparisonLimits, "alpha">, rows: number): number {
  return alpha / (ROOM * Math.max(1, rows));
}

/** With these runs nothing could be flagged, or next to nothing. */
export interface TooFew {
  readonly text: string;
  /** Repetitions that are missing on each side. */
  readonly more: number;
}

/**
 * Whether a U test on so few runs can flag anything in a family of this size.
 * @returns what is missing; `undefined`: enough.
 */
export function tooFewRuns(
  tests: readonly (RowTest | undefined)[],
  limits: ComparisonLimits,
): TooFew | undefined {
  const required = requiredSmallestP(limits, tests.length);
  const known = tests.flatMap((test) => test ?? []);
  const weakest = known.toSorted((a, b) => b.smallestP - a.smallestP)[0];
  if (weakest === undefined || weakest.smallestP <= required) return undefined;
  const { baseRuns, headRuns, smallestP } = weakest;
  const needed = fewestPerSide(required);
  const have = baseRuns === headRuns ? `${baseRuns}` : `${baseRuns} and ${headRuns}`;
  const rows = `${tests.length} ${tests.length === 1 ? "row" : "rows"}`;
  return {
    text: `${have} repetitions a side are too few for ${rows}: the smallest p-value that they can give is ${probabilityText(smallestP)}, and it must be at most ${probabilityText(required)}. Take ${needed} repetitions a side (npm run bench -- --repetitions ${needed + (needed % 2)}), or npm run gate.`,
    more: Math.max(1, needed - Math.min(baseRuns, headRuns)),
  };
}
