import type { Arrivals } from "../core/cell.ts";
import { createRandom, type Random } from "../core/random.ts";

/** When every request of an open loop should start, all known before the run. */
export interface Schedule {
  /** Nanoseconds from the run's start, ascending. */
  readonly offsetsNs: Float64Array;
  /** Length of the measurement window that the arrivals fill, nanoseconds. */
  readonly lengthNs: number;
}

/** How long: `durationMs` or `requests` alone is the exact length, both: until both are met. At least one. */
export interface RunLength {
  readonly durationMs?: number | undefined;
  readonly requests?: number | undefined;
}

export interface ScheduleOptions extends RunLength {
  /** Arrivals per second, above 0. */
  readonly ratePerSec: number;
}

/** More would not fit into memory as rows. */
const MOST_ARRIVALS = 20_000_000;

/** Equal gaps, from 0. @throws {RangeError} for a rate or a length that makes no schedule. */
export function constantSchedule(options: ScheduleOptions): Schedule {
  checkOptions(options);
  // Each from the start and not from the one before, so that no rounding adds up.
  return fill(options, (index) => (index * 1e9) / options.ratePerSec);
}

/**
 * A Poisson process: exponential gaps of mean `1 / ratePerSec`, the same for the same seed.
 * @throws {RangeError} for a rate or a length that makes no schedule.
 */
export function poissonSchedule(options: ScheduleOptions & { readonly seed: number }): Schedule {
  checkOptions(options);
  const random = createRandom(options.seed);
  let at = 0;
  return fill(options, () => {
    at += exponential(random) * (1e9 / options.ratePerSec);
    return at;
  });
}

/** The schedule of a kind of arrivals. @throws {RangeError} as above. */
export function createSchedule(
  arrivals: Arrivals,
  options: ScheduleOptions & { readonly seed: number },
): Schedule {
  return arrivals === "constant" ? constantSchedule(options) : poissonSchedule(options);
}

/**
 * Takes arrivals until both limits are met. The window is the duration; where the number of requests reaches beyond it,
 * the window ends where the next arrival would have been.
 */
function fill({ durationMs, requests }: RunLength, arrival: (index: number) => number): Schedule {
  const durationNs = (durationMs ?? 0) * 1e6;
  const offsets: number[] = [];
  for (;;) {
    const offset = Math.round(arrival(offsets.length));
    if (offset >= durationNs && offsets.length >= (requests ?? 0)) {
      const last = offsets.at(-1) ?? 0;
      const withinDuration = durationMs !== undefined && last < durationNs;
      return { offsetsNs: Float64Array.from(offsets), lengthNs: withinDuration ? durationNs : offset };
    }
    offsets.push(offset);
  }
}

/** Mean 1, never infinite. */
function exponential(random: Random): number {
  return -Math.log(1 - random.fraction());
}

function checkOptions({ ratePerSec, durationMs, requests }: ScheduleOptions): void {
  checkLength({ durationMs, requests });
  if (!(Number.isFinite(ratePerSec) && ratePerSec > 0)) {
    throw new RangeError(`ratePerSec: expected a finite number above 0, got ${ratePerSec}`);
  }
  const expected = Math.max((ratePerSec * (durationMs ?? 0)) / 1000, requests ?? 0);
  if (expected > MOST_ARRIVALS) {
    throw new RangeError(
      `ratePerSec: ${ratePerSec} makes ${Math.round(expected)} arrivals, expected at most ${MOST_ARRIVALS}`,
    );
  }
}

/** @throws {RangeError} when neither limit is given or one is not a positive finite number. */
export function checkLength({ durationMs, requests }: RunLength): void {
  if (durationMs === undefined && requests === undefined) {
    throw new RangeError("expected durationMs, requests or both");
  }
  if (durationMs !== undefined && !(Number.isFinite(durationMs) && durationMs > 0)) {
    throw new RangeError(`durationMs: expected a finite number above 0, got ${durationMs}`);
  }
  if (requests !== undefined && !(Number.isSafeInteger(requests) && requests > 0)) {
    throw new RangeError(`requests: expected a whole number above 0, got ${requests}`);
  }
}
