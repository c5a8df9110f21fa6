import { fleetIndex } from "./own-lateness.ts";

/** Jitter of successive response times, as sums that merge over runs. */
export interface Jitter {
  /** Pairs of successive answers. */
  readonly pairs: number;
  /** Sum of |D|, the change from one response time to the next, nanoseconds. */
  readonly absoluteNs: number;
  /** Sum of the smoothed jitter J after each pair, nanoseconds. */
  readonly smoothedNs: number;
}

/**
 * Mean absolute difference, and J += (|D| − J) / 16 averaged over the run.
 *
 * @param responseNs - in intended order; what is not a finite number is passed over.
 * @param vehicle - of the same rows: only answers of one vehicle are successive. @default all of one
 * @see https://www.rfc-editor.org/rfc/rfc3550#section-6.4.1
 */
export function jitterOf(responseNs: Float64Array, vehicle?: Float64Array): Jitter {
  let pairs = 0;
  let absoluteNs = 0;
  let smoothedNs = 0;
  const last = new Map<number, { previous: number; smoothed: number }>();
  for (let row = 0; row < responseNs.length; row += 1) {
    const value = responseNs[row]!;
    if (!Number.isFinite(value)) continue;
    const index = fleetIndex(vehicle?.[row]);
    const state = last.get(index);
    if (state === undefined) {
      last.set(index, { previous: value, smoothed: 0 });
      continue;
    }
    const change = Math.abs(value - state.previous);
    state.smoothed += (change - state.smoothed) / 16;
    state.previous = value;
    pairs += 1;
    absoluteNs += change;
    smoothedNs += state.smoothed;
  }
  return { pairs, absoluteNs, smoothedNs };
}
