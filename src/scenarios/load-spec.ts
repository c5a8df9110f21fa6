import type { WhenBusy } from "../core/cell.ts";
import type { ArrivalsSpec } from "../load/schedule.ts";
import type { WarmUpRule } from "../load/warm-up.ts";

/** When the requests of one run are sent, and for how long. */
export type LoadSpec = (ClosedLoopSpec | MultiStreamSpec | OpenLoopSpec) & {
  /** At least one of the two, but for recorded arrivals, whose own length is taken then; both: until both are met. */
  readonly durationMs?: number | undefined;
  readonly requests?: number | undefined;
  readonly timeoutMs: number;
  readonly warmup: WarmUpRule;
  /** Of the schedule, and of the times at which requests in flight are counted. */
  readonly seed: number;
};

/** So many requests outstanding; `single-stream` is one, `offline` as many as keep every connection busy. */
export interface ClosedLoopSpec {
  readonly scenario: "closed-loop" | "single-stream" | "offline";
  readonly concurrency: number;
}

export interface MultiStreamSpec {
  readonly scenario: "multi-stream";
  readonly samplesPerQuery: number;
}

export interface OpenLoopSpec {
  readonly scenario: "open-loop" | "server";
  /** Of each vehicle. */
  readonly arrivals: ArrivalsSpec | RecordedArrivals;
  /** Each with a schedule and frames of its own. */
  readonly vehicles: number;
  /** Connection i carries vehicle i alone; else all carry all. */
  readonly perVehicle: boolean;
  /** Of each vehicle. */
  readonly maxInFlight: number;
  readonly whenBusy: WhenBusy;
}

/** Times that the generator reads by itself before the run. */
export type RecordedArrivals =
  | { readonly kind: "file"; readonly path: string; readonly speed: number }
  | { readonly kind: "recording"; readonly speed: number };
