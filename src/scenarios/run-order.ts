import { createRandom } from "../core/random.ts";

export interface PlannedRun {
  /** Index of the cell. */
  readonly cell: number;
  /** From 0. */
  readonly repetition: number;
}

/**
 * Every cell in every repetition: the cells in a seeded random order, reversed in every second repetition, so that a
 * drift of the machine does not favour one of them.
 */
export function runOrder(cells: number, repetitions: number, seed: number): readonly PlannedRun[] {
  const random = createRandom(seed);
  const order = Array.from({ length: cells }, (_, cell) => cell);
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random.fraction() * (last + 1));
    const kept = order[last] ?? 0;
    order[last] = order[other] ?? 0;
    order[other] = kept;
  }
  const runs: PlannedRun[] = [];
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const cell of repetition % 2 === 0 ? order : order.toReversed()) runs.push({ cell, repetition });
  }
  return runs;
}
