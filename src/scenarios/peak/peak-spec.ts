import type { Objective } from "../../recording/peak/objective.ts";
import type { BenchSpec } from "../bench-spec.ts";

/** Everything that a search for peaks was asked for, validated: plain data that stands in its report. */
export interface PeakSpec {
  /** Cells and load; one open-loop rate that only stands for all. Its length and repetitions are the confirmation's. */
  readonly bench: BenchSpec;
  readonly objective: Objective;
  /** Absent: half of what a short closed loop gives. */
  readonly startRatePerSec?: number | undefined;
  /** 0.05 for 5 %. */
  readonly resolution: number;
  readonly maxProbes: number;
  /** A probe lasts as long; at low rates up to four times as long, for the sake of its percentiles. */
  readonly probeDurationMs: number;
  /** Whether more probes fill the curve around the peak. */
  readonly curve: boolean;
}

/** How many times longer a probe may become for the sake of its percentiles. */
const LONGEST = 4;

/**
 * Length of a probe, milliseconds.
 * @param requests - that its percentiles ask for.
 */
export function probeLengthMs(probeDurationMs: number, ratePerSec: number, requests: number): number {
  const needed = Math.ceil((requests / ratePerSec) * 1_000);
  return Math.min(LONGEST * probeDurationMs, Math.max(probeDurationMs, needed));
}

/** The lowest rate at which the longest probe still makes ten requests. */
export function lowestRatePerSec(probeDurationMs: number): number {
  return Number((10_000 / (LONGEST * probeDurationMs)).toPrecision(4));
}
