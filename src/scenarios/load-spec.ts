import type { Arrivals } from "../core/cell.ts";
import type { WarmUpRule } from "../load/warm-up.ts";

/** When the requests of one run are sent, and for how long. */
export type LoadSpec = (ClosedLoopSpec | OpenLoopSpec) & {
  /** At least one of the two; both: until both are met. */
  readonly durationMs?: number | undefined;
  readonly requests?: number | undefined;
  readonly timeoutMs: number;
  readonly warmup: WarmUpRule;
};

export interface ClosedLoopSpec {
  readonly scenario: "closed-loop";
  readonly concurrency: number;
}

export interface OpenLoopSpec {
  readonly scenario: "open-loop";
  readonly arrivals: Arrivals;
  readonly ratePerSec: number;
  readonly maxInFlight: number;
  /** Of the schedule. */
  readonly seed: number;
}
