import { createRandom } from "../core/random.ts";
import { type ArrivalsSpec, createArrivals, meanRatePerSec, type NextArrival } from "./arrival-times.ts";

export type { ArrivalsSpec } from "./arrival-times.ts";

/** When every request of an open loop should start, all known before the run. Equal indices belong together. */
export interface Schedule {
  /** Nanoseconds from the run's start, ascending. */
  readonly offsetsNs: Float64Array;
  /** Length of the measurement window that the arrivals fill, nanoseconds. */
  readonly lengthNs: number;
  /** Which vehicle sends it, from 0. Absent: all are of one. */
  readonly vehicles?: Uint16Array | undefined;
  /** Which frame of its vehicle it is, to be taken modulo the frames that there are. Absent: its index. */
  readonly frames?: Uint32Array | undefined;
}

/** How long: `durationMs` or `requests` alone is the exact length, both: until both are met. */
export interface RunLength {
  readonly durationMs?: number | undefined;
  readonly requests?: number | undefined;
}

export interface ScheduleOptions extends RunLength {
  /** Of each vehicle. */
  readonly arrivals: ArrivalsSpec;
  /** The same schedule for the same seed. */
  readonly seed: number;
  /** @default 1 */
  readonly vehicles?: number | undefined;
}

/** More would not fit into memory as rows. */
const MOST_ARRIVALS = 20_000_000;
/** The window of times that are all one moment. */
const ALONE_NS = 1e9;

/**
 * Computes a schedule. Each vehicle has its own: its own random gaps, shifted by a phase that the seed draws from one mean
 * gap, and its frames begin elsewhere. `requests` counts those of all vehicles together. Given times (`times`) may do without a
 * length: they are taken once, and the window ends a mean gap after the last.
 *
 * @throws {RangeError} for a rate or a length that makes no schedule.
 */
export function createSchedule(options: ScheduleOptions): Schedule {
  const { arrivals, seed, vehicles = 1 } = options;
  const length = checkOptions(options);
  const spanNs = spanOf(length, meanRatePerSec(arrivals) * vehicles);
  if (vehicles === 1) return fill(length, createArrivals(arrivals, seed, { spanNs }));
  const random = createRandom(seed);
  const fleet = Array.from({ length: vehicles }, () => {
    const first =
      arrivals.kind === "times"
        ? Math.floor(random.fraction() * arrivals.timesNs.length)
        : random.uint32() >>> 1;
    const next = createArrivals(arrivals, random.uint32(), { spanNs, first });
    const ratePerSec = meanRatePerSec(arrivals);
    const phaseNs = ratePerSec > 0 ? (random.fraction() * 1e9) / ratePerSec : 0;
    return { next: (): number => phaseNs + next(), first };
  });
  const taken: number[] = [];
  const { offsetsNs, lengthNs } = fill(
    length,
    merged(
      fleet.map(({ next }) => next),
      taken,
    ),
  );
  const sent = fleet.map(({ first }) => first);
  const frames = new Uint32Array(offsetsNs.length);
  for (const index of frames.keys()) {
    const vehicle = taken[index] ?? 0;
    frames[index] = sent[vehicle] ?? 0;
    sent[vehicle] = (sent[vehicle] ?? 0) + 1;
  }
  return { offsetsNs, lengthNs, vehicles: Uint16Array.from(taken.slice(0, offsetsNs.length)), frames };
}

/** The earliest of several, again and again. @param taken - gets whose each one was. */
function merged(sources: readonly NextArrival[], taken: number[]): NextArrival {
  const heads = Float64Array.from(sources, (next) => next());
  return () => {
    let first = 0;
    for (let source = 1; source < heads.length; source += 1) {
      if ((heads[source] ?? 0) < (heads[first] ?? 0)) first = source;
    }
    const at = heads[first] ?? 0;
    heads[first] = sources[first]?.() ?? Number.POSITIVE_INFINITY;
    taken.push(first);
    return at;
  };
}

/**
 * Takes arrivals until both limits are met. The window is the duration; where the number of requests reaches beyond it,
 * the window ends where the next arrival would have been.
 */
function fill({ durationMs, requests }: RunLength, next: NextArrival): Schedule {
  const durationNs = (durationMs ?? 0) * 1e6;
  const offsets: number[] = [];
  for (;;) {
    const offset = Math.round(next());
    if (offset === Number.POSITIVE_INFINITY || (offset >= durationNs && offsets.length >= (requests ?? 0))) {
      return { offsetsNs: Float64Array.from(offsets), lengthNs: windowNs(offset) };
    }
    if (offsets.length >= MOST_ARRIVALS) throw new RangeError(tooMany(offsets.length));
    offsets.push(offset);
  }

  function windowNs(beyond: number): number {
    const last = offsets.at(-1) ?? 0;
    if (durationMs !== undefined && last < durationNs) return durationNs;
    // A limit may cut through arrivals of one moment.
    let end = beyond;
    while (end <= last) end = Math.round(next());
    return end === Number.POSITIVE_INFINITY ? last + ALONE_NS : end;
  }
}

/** How long a ramp or steps take: the duration, else what so many requests take. */
function spanOf({ durationMs, requests }: RunLength, ratePerSec: number): number {
  return durationMs === undefined ? ((requests ?? 1) * 1e9) / ratePerSec : durationMs * 1e6;
}

function checkOptions({ arrivals, durationMs, requests, vehicles = 1 }: ScheduleOptions): RunLength {
  const own = arrivals.kind === "times" && durationMs === undefined && requests === undefined;
  const length = own ? { requests: arrivals.timesNs.length * vehicles } : { durationMs, requests };
  checkLength(length);
  if (!(Number.isSafeInteger(vehicles) && vehicles > 0)) {
    throw new RangeError(`vehicles: expected a whole number above 0, got ${vehicles}`);
  }
  for (const [name, value] of Object.entries(arrivals)) {
    if (name === "kind" || name === "timesNs") continue;
    if (!(typeof value === "number" && Number.isFinite(value) && value > 0)) {
      throw new RangeError(`${name}: expected a finite number above 0, got ${value}`);
    }
  }
  const problem = tooManyArrivals({ ...length, ratePerSec: meanRatePerSec(arrivals), vehicles });
  if (problem !== undefined) throw new RangeError(problem);
  return length;
}

/** Why a schedule of this mean rate (of each vehicle) and length cannot be; absent: it can. */
export function tooManyArrivals({
  ratePerSec,
  vehicles,
  durationMs = 0,
  requests = 0,
}: RunLength & { readonly ratePerSec: number; readonly vehicles: number }): string | undefined {
  const expected = Math.max((ratePerSec * vehicles * durationMs) / 1000, requests);
  return expected > MOST_ARRIVALS ? tooMany(expected) : undefined;
}

function tooMany(arrivals: number): string {
  return `the rate makes ${Math.round(arrivals)} arrivals, expected at most ${MOST_ARRIVALS}`;
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
