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
 * @see https://www.rfc-editor.org/rfc/rfc3550#section-6.4.1
 */
export function jitterOf(responseNs: Float64Array): Jitter {
  let pairs = 0;
  let absoluteNs = 0;
  let smoothedNs = 0;
  let smoothed = 0;
  let previous = Number.NaN;
  for (const value of responseNs) {
    if (!Number.isFinite(value)) continue;
    if (!Number.isNaN(previous)) {
      const change = Math.abs(value - previous);
      smoothed += (change - smoothed) / 16;
      pairs += 1;
      absoluteNs += change;
      smoothedNs += smoothed;
    }
    previous = value;
  }
  return { pairs, absoluteNs, smoothedNs };
}
