import type { Clock } from "../core/clock.ts";
import { createRandom } from "../core/random.ts";
import type { InFlightSamples } from "../recording/run-record.ts";

/** Counts the requests that are out, and how many they were at random times. */
export interface InFlight {
  readonly count: number;
  /** A request is started now. */
  enter(nowNs: number): void;
  /** A request has ended now, whatever its outcome. */
  leave(nowNs: number): void;
  /** What was counted at the times within a window, which has ended. */
  samples(window: { readonly startNs: number; readonly endNs: number }): InFlightSamples;
}

export interface InFlightOptions {
  readonly clock: Clock;
  /** The same times for the same seed. */
  readonly seed: number;
  /** Mean gap of the first times, nanoseconds. @default 1 ms */
  readonly meanGapNs?: number | undefined;
  /** Times kept at most, at least 2. @default 8192 */
  readonly most?: number | undefined;
}

/**
 * Counts at the times of a Poisson process, which see what an outside observer would see on average (PASTA). No timer is
 * needed: the count of a time is written when it next changes. When the memory is full, a coin is tossed over every time that
 * is kept, and the gaps are doubled from there on: what is left is a Poisson process of half the rate.
 *
 * @see https://doi.org/10.1287/opre.30.2.223 (Wolff: Poisson arrivals see time averages)
 */
export function createInFlight({ clock, seed, meanGapNs = 1e6, most = 8192 }: InFlightOptions): InFlight {
  const random = createRandom(seed);
  const at = new Float64Array(most);
  const requests = new Float64Array(most);
  let kept = 0;
  let gapNs = meanGapNs;
  let count = 0;
  const gap = (): number => -Math.log(1 - random.fraction()) * gapNs;
  let nextNs = clock.nowNs() + gap();

  const thin = (): void => {
    let left = 0;
    for (let index = 0; index < kept; index += 1) {
      if (random.uint32() % 2 === 0) continue;
      at[left] = at[index]!;
      requests[left] = requests[index]!;
      left += 1;
    }
    kept = left;
    gapNs *= 2;
  };
  const observe = (nowNs: number): void => {
    while (nextNs <= nowNs) {
      while (kept === most) thin();
      at[kept] = nextNs;
      requests[kept] = count;
      kept += 1;
      nextNs += gap();
    }
  };

  return {
    get count() {
      return count;
    },
    enter(nowNs) {
      observe(nowNs);
      count += 1;
    },
    leave(nowNs) {
      observe(nowNs);
      count -= 1;
    },
    samples({ startNs, endNs }) {
      observe(endNs);
      const from = at.subarray(0, kept).findIndex((time) => time >= startNs);
      const first = from < 0 ? kept : from;
      let last = kept;
      while (last > first && at[last - 1]! > endNs) last -= 1;
      return { atNs: at.slice(first, last), requests: requests.slice(first, last) };
    },
  };
}
