import { recordedWindow } from "./recorded-window.ts";
import type { RunRecord } from "./run-record.ts";
import { studentT95 } from "./statistics/normal.ts";

/** Requests in flight in one run, found in two ways that know nothing of each other; sums that merge. */
export interface InFlightTally {
  /** How often the requests in flight were counted, and the sums of the counts and of their squares. */
  readonly samples: number;
  readonly sum: number;
  readonly squares: number;
  /** Time that all requests together spent in flight within the window: rate × residence × the window's length. */
  readonly residenceNs: number;
  readonly windowNs: number;
}

/** Little's law, L = λ · W, with both sides measured. */
export interface LittlesLaw {
  readonly samples: number;
  /** Mean of the counts, L. */
  readonly counted: number;
  /** Half the width of its 95 % interval. */
  readonly countedHalfWidth: number;
  /** λ · W: requests that were started per second × the time that each was in flight. */
  readonly predicted: number;
}

/**
 * Every started request counts, failed ones too, from `start` to its end, clipped to the window: then rate × residence is the
 * mean number in flight, without error. Counting at Poisson times sees the time's own mean (Wolff: PASTA).
 *
 * @returns absent where nothing was counted.
 */
export function inFlightTally(record: RunRecord): InFlightTally | undefined {
  const { columns, rows, inFlight } = record;
  const window = recordedWindow(record);
  const windowNs = window.endNs - window.startNs;
  if (inFlight === undefined || windowNs <= 0) return undefined;
  let samples = 0;
  let sum = 0;
  let squares = 0;
  for (const [index, count] of inFlight.requests.entries()) {
    const atNs = inFlight.atNs[index] ?? Number.NaN;
    if (!(atNs >= window.startNs && atNs < window.endNs)) continue;
    samples += 1;
    sum += count;
    squares += count ** 2;
  }
  if (samples === 0) return undefined;
  const { startNs, doneNs } = columns;
  let residenceNs = 0;
  for (let row = 0; row < rows; row += 1) {
    const fromNs = Math.max(startNs[row]!, window.startNs);
    const toNs = Math.min(Number.isNaN(doneNs[row]!) ? window.endNs : doneNs[row]!, window.endNs);
    if (toNs > fromNs) residenceNs += toNs - fromNs;
  }
  return { samples, sum, squares, residenceNs, windowNs };
}

/**
 * Both sides over several runs, each weighted by its window. Given a run, its counts are independent draws from its time, so
 * their own spread gives the interval, however correlated the requests are.
 */
export function littlesLaw(runs: readonly InFlightTally[]): LittlesLaw | undefined {
  const windowNs = runs.reduce((sum, run) => sum + run.windowNs, 0);
  const samples = runs.reduce((sum, run) => sum + run.samples, 0);
  if (windowNs <= 0 || samples <= runs.length) return undefined;
  let counted = 0;
  let variance = 0;
  for (const run of runs) {
    const weight = run.windowNs / windowNs;
    const mean = run.sum / run.samples;
    counted += weight * mean;
    const spread = Math.max(0, run.squares / run.samples - mean ** 2);
    variance += (weight ** 2 * spread) / Math.max(1, run.samples - 1);
  }
  const predicted = runs.reduce((sum, run) => sum + run.residenceNs, 0) / windowNs;
  return {
    samples,
    counted,
    countedHalfWidth: studentT95(samples - runs.length) * Math.sqrt(variance),
    predicted,
  };
}
