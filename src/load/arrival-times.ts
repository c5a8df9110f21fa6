import { createRandom, type Random } from "../core/random.ts";

/** What shapes the arrivals of one vehicle. Rates are arrivals per second, above 0. Plain data. */
export type ArrivalsSpec =
  | { readonly kind: "constant" | "poisson" | "uniform"; readonly ratePerSec: number }
  /** So many at once, at equal distances. */
  | { readonly kind: "burst"; readonly ratePerSec: number; readonly burst: number }
  /** As many levels of equal length, at equal distances from the first rate to the last. */
  | { readonly kind: "steps"; readonly fromPerSec: number; readonly toPerSec: number; readonly steps: number }
  /** The rate changes evenly from the one to the other. */
  | { readonly kind: "ramp"; readonly fromPerSec: number; readonly toPerSec: number }
  /** Given times, nanoseconds, ascending; the first is the start. Over, they begin anew, a mean gap after the last. */
  | { readonly kind: "times"; readonly timesNs: Float64Array };

/** The next arrival, nanoseconds from the run's start, never before the one before; infinite when there is no other. */
export type NextArrival = () => number;

/**
 * The arrivals of one vehicle, one after the other.
 *
 * @param seed - of Poisson and uniform gaps; nothing else is random.
 * @param begin - `spanNs`: how long a ramp or all steps take; the last rate goes on after it. `first`: which of the given times
 * is the start (those before it come last). @default 0
 */
export function createArrivals(
  spec: ArrivalsSpec,
  seed: number,
  { spanNs, first = 0 }: { readonly spanNs: number; readonly first?: number | undefined },
): NextArrival {
  switch (spec.kind) {
    case "constant":
      return counted((index) => (index * 1e9) / spec.ratePerSec);
    case "burst":
      return counted((index) => (Math.floor(index / spec.burst) * spec.burst * 1e9) / spec.ratePerSec);
    case "poisson": {
      // Exponential gaps of mean 1, never infinite.
      const gap = (random: Random): number => -Math.log(1 - random.fraction());
      return summed(seed, (random) => (gap(random) * 1e9) / spec.ratePerSec);
    }
    case "uniform":
      return summed(seed, (random) => (2 * random.fraction() * 1e9) / spec.ratePerSec);
    case "steps":
      return stepped(spec, spanNs);
    case "ramp":
      return ramped(spec, spanNs);
    case "times":
      return repeated(spec.timesNs, first);
  }
}

/** Mean arrivals per second over the span of a ramp or of all steps, over given times, else always. */
export function meanRatePerSec(spec: ArrivalsSpec): number {
  if (spec.kind === "steps" || spec.kind === "ramp") return (spec.fromPerSec + spec.toPerSec) / 2;
  if (spec.kind !== "times") return spec.ratePerSec;
  const gapNs = meanGapNs(spec.timesNs);
  return gapNs > 0 ? 1e9 / gapNs : 0;
}

/** Each from the start and not from the one before, so that no rounding adds up. */
function counted(at: (index: number) => number): NextArrival {
  let index = 0;
  return () => {
    index += 1;
    return at(index - 1);
  };
}

function summed(seed: number, gapNs: (random: Random) => number): NextArrival {
  const random = createRandom(seed);
  let at = 0;
  return () => {
    at += gapNs(random);
    return at;
  };
}

/** Arrival k is where k arrivals are due: N(t) = a·t + (b − a)·t² / (2·T), turned round so that nothing cancels out. */
function ramped(
  { fromPerSec, toPerSec }: { readonly fromPerSec: number; readonly toPerSec: number },
  spanNs: number,
): NextArrival {
  const spanSec = spanNs / 1e9;
  const within = ((fromPerSec + toPerSec) / 2) * spanSec;
  const slope = (toPerSec - fromPerSec) / spanSec;
  return counted((index) => {
    if (index >= within) return spanNs + ((index - within) / toPerSec) * 1e9;
    return ((2 * index) / (fromPerSec + Math.sqrt(fromPerSec ** 2 + 2 * slope * index))) * 1e9;
  });
}

function stepped(
  { fromPerSec, toPerSec, steps }: Extract<ArrivalsSpec, { kind: "steps" }>,
  spanNs: number,
): NextArrival {
  const levelNs = spanNs / steps;
  const rateAt = (level: number): number =>
    fromPerSec + ((toPerSec - fromPerSec) * Math.min(level, steps - 1)) / (steps - 1);
  let level = 0;
  let before = 0;
  return counted((index) => {
    // The last level goes on for ever.
    while (level < steps - 1 && index >= before + (rateAt(level) * levelNs) / 1e9) {
      before += (rateAt(level) * levelNs) / 1e9;
      level += 1;
    }
    return level * levelNs + ((index - before) / rateAt(level)) * 1e9;
  });
}

function repeated(timesNs: Float64Array, first: number): NextArrival {
  const periodNs = meanGapNs(timesNs) * timesNs.length;
  const at = (index: number): number =>
    (timesNs[index % timesNs.length] ?? 0) + Math.floor(index / timesNs.length) * periodNs;
  return counted((index) => {
    // Times that are all one have no distance at which they could begin anew.
    if (periodNs === 0 && index >= timesNs.length) return Number.POSITIVE_INFINITY;
    return at(first + index) - at(first);
  });
}

function meanGapNs(timesNs: Float64Array): number {
  if (timesNs.length < 2) return 0;
  return ((timesNs.at(-1) ?? 0) - (timesNs[0] ?? 0)) / (timesNs.length - 1);
}
