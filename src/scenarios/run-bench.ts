import { INTERRUPTED, type RunResult } from "../recording/cell-result.ts";
import type { RunRecord } from "../recording/run-record.ts";
import type { WireBytes } from "../recording/wire-bytes.ts";
import type { BenchPlan } from "./bench-plan.ts";
import type { Cell } from "./cell.ts";
import { createFrameCounter } from "./network/frame-counter.ts";
import { type Phase, runCell } from "./run-cell.ts";
import { runOrder } from "./run-order.ts";
import type { RunOutcome } from "./run-outcome.ts";
import { toRunResult } from "./run-result.ts";

/** Which run of how many an event belongs to. */
export interface RunPosition {
  readonly cell: Cell;
  /** From 0. */
  readonly repetition: number;
  /** From 0, in the order of the bench. */
  readonly index: number;
  readonly of: number;
}

/** One repetition of a cell is over. */
export interface FinishedEvent extends RunPosition {
  readonly kind: "finished";
  readonly result: RunResult;
  readonly executionProvider: string;
  /** Its requests one by one; absent when it failed before the first. */
  readonly record?: RunRecord | undefined;
  /** Per frame, nanoseconds. */
  readonly retrieveNs: readonly number[];
}

/** What the runner tells while it works; printing and writing are others' business. */
export type BenchEvent =
  | (RunPosition & { readonly kind: "phase"; readonly phase: Phase; readonly fraction: number })
  | FinishedEvent;

/**
 * Runs every cell in every repetition, each in new processes. Ends early when the signal is aborted; the run that it
 * broke off is reported where it has requests: as FAILED, with the counts of what was measured.
 *
 * @returns whether every run was made.
 */
export async function runBench(
  plan: BenchPlan,
  signal: AbortSignal,
  onEvent: (event: BenchEvent) => void | Promise<void>,
): Promise<boolean> {
  const { spec, cells } = plan;
  const order = runOrder(cells.length, spec.repetitions, spec.seed);
  const frames = createFrameCounter(spec);
  try {
    for (const [index, { cell: at, repetition }] of order.entries()) {
      const cell = cells[at];
      if (signal.aborted) return false;
      if (cell === undefined) continue;
      const position: RunPosition = { cell, repetition, index, of: order.length };
      const startedAt = new Date().toISOString();
      const wire = await frames.count(cell, signal);
      if (signal.aborted) return false;
      const outcome = await runCell({
        spec,
        cell,
        repetition,
        reference: plan.reference(cell),
        learned: plan.learned(cell),
        signal,
        onPhase: (phase, fraction) => void onEvent({ ...position, kind: "phase", phase, fraction }),
      });
      if (signal.aborted && (outcome.record?.rows ?? 0) === 0) return false;
      await onEvent({
        ...position,
        kind: "finished",
        result: toRunResult(withFrames(outcome, wire, frames.notes()), { spec, cell, repetition, startedAt }),
        executionProvider: outcome.core?.executionProvider ?? "",
        record: outcome.record,
        retrieveNs: outcome.retrieveNs,
      });
      if (outcome.failure === INTERRUPTED) return false;
    }
    return true;
  } finally {
    await frames.close();
  }
}

/** A run's outcome with what its cell's requests take on a network, where that was counted. */
function withFrames(outcome: RunOutcome, wire: WireBytes | undefined, said: readonly string[]): RunOutcome {
  const label =
    wire === undefined && outcome.wire !== undefined
      ? ["wire bytes: TCP payload as the sockets count it, without headers and acknowledgements"]
      : [];
  return { ...outcome, wire: wire ?? outcome.wire, notes: [...outcome.notes, ...said, ...label] };
}
