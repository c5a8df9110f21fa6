import { type CellKey, cellName } from "../../core/cell.ts";
import { messageOf } from "../../core/errors.ts";
import { curveRates } from "../../recording/peak/curve-rates.ts";
import { requestsForInterval } from "../../recording/peak/objective.ts";
import { type PeakCell, type PeakPoint, rateText, reasonsText } from "../../recording/peak/peak-result.ts";
import { type SearchOutcome, summarisePeak } from "../../recording/peak/summarise-peak.ts";
import type { BenchPlan } from "../bench-plan.ts";
import type { Cell } from "../cell.ts";
import { runOrder } from "../run-order.ts";
import { createCellTrials } from "./cell-trials.ts";
import { lowestRatePerSec, type PeakSpec } from "./peak-spec.ts";
import { searchPeak } from "./search-peak.ts";

/** What a search tells while it works. */
export type PeakEvent =
  /** Something begins that takes time. */
  | { readonly kind: "line"; readonly cell: string; readonly text: string }
  | { readonly kind: "point"; readonly cell: string; readonly point: PeakPoint }
  /** What is known of a cell by now: to be kept. */
  | { readonly kind: "cell"; readonly cell: string; readonly result: PeakCell };

/** The highest rate that is tried. */
const HIGHEST_RATE_PER_SEC = 1_000_000;
/** The search begins at this share of what a closed loop gives. */
const START_SHARE = 0.5;

/**
 * Searches the peak of every cell of a plan, one after the other in a seeded random order, every run in new processes. When
 * the signal is aborted, the points measured so far are kept; the run that it broke off is not.
 *
 * @returns whether every cell was searched.
 */
export async function runPeak(
  plan: BenchPlan,
  spec: PeakSpec,
  { signal, onEvent }: { readonly signal: AbortSignal; onEvent(event: PeakEvent): void | Promise<void> },
): Promise<boolean> {
  for (const { cell: at } of runOrder(plan.cells.length, 1, spec.bench.seed)) {
    const cell = plan.cells[at];
    if (signal.aborted) return false;
    if (cell !== undefined) await searchCell({ plan, spec, cell, signal, onEvent });
  }
  return !signal.aborted;
}

/** The name of a cell in a search: its stable name without the rate. */
export function peakName({ key }: Pick<Cell, "key">): string {
  return cellName(withoutRate(key));
}

function withoutRate(key: CellKey): CellKey {
  return { ...key, ratePerSec: undefined };
}

interface CellSearch {
  readonly plan: BenchPlan;
  readonly spec: PeakSpec;
  readonly cell: Cell;
  readonly signal: AbortSignal;
  onEvent(event: PeakEvent): void | Promise<void>;
}

async function searchCell({ plan, spec, cell, signal, onEvent }: CellSearch): Promise<void> {
  const key = withoutRate(cell.key);
  const name = peakName(cell);
  const points: PeakPoint[] = [];
  let estimatePerSec: number | undefined;
  const trials = createCellTrials({
    // As planned: a recipe that was named is written out there.
    spec: { ...spec, bench: plan.spec },
    cell,
    reference: plan.reference(cell),
    learned: plan.learned(cell),
    signal,
    onPoint: async (point) => {
      points.push(point);
      await onEvent({ kind: "point", cell: name, point });
      await tell();
    },
  });
  let outcome: SearchOutcome = { state: "searching", coarse: false };
  const tell = async (): Promise<void> => {
    await onEvent({
      kind: "cell",
      cell: name,
      result: summarisePeak({
        name,
        key,
        executionProvider: trials.executionProvider(),
        estimatePerSec,
        confirmation: outcome.state === "confirmed" ? trials.confirmation() : undefined,
        points: [...points],
        outcome,
        resolution: spec.resolution,
        requestsNeeded: requestsForInterval(spec.objective),
      }),
    });
  };
  try {
    if (spec.startRatePerSec === undefined) {
      await onEvent({ kind: "line", cell: name, text: "a short closed loop says where to begin" });
      estimatePerSec = await trials.estimate();
    }
    const result = await searchPeak({
      startRatePerSec:
        spec.startRatePerSec ?? (START_SHARE * (estimatePerSec ?? 1)) / (cell.key.vehicles ?? 1),
      resolution: spec.resolution,
      maxProbes: spec.maxProbes,
      lowestRatePerSec: lowestRatePerSec(spec.probeDurationMs),
      highestRatePerSec: HIGHEST_RATE_PER_SEC,
      probe: (ratePerSec) => trials.probe("search", ratePerSec),
      confirm: async (ratePerSec) => {
        await onEvent({ kind: "line", cell: name, text: `a full run at ${rateText(ratePerSec, key)}` });
        return trials.confirm(ratePerSec);
      },
    });
    const { state, ...rest } = result;
    outcome =
      state === "hopeless"
        ? { ...rest, state: "failed", reason: hopelessReason(points) }
        : state === "unjudged"
          ? { ...rest, state: "failed", reason: unjudgedReason(points, key) }
          : { ...rest, state };
    await tell();
    if (state === "confirmed" && spec.curve) {
      const measured = points.map(({ ratePerSec }) => ratePerSec);
      for (const ratePerSec of curveRates(result.peakPerSec ?? 0, measured)) {
        await trials.probe("curve", ratePerSec);
      }
      await tell();
    }
  } catch (error) {
    if (outcome.state === "searching") {
      outcome = signal.aborted
        ? { state: "interrupted", coarse: true, reason: interruptedReason(points, key) }
        : { state: "failed", coarse: true, reason: messageOf(error) };
    }
    await tell();
    if (!signal.aborted && outcome.state !== "failed") throw error;
  }
}

function interruptedReason(points: readonly PeakPoint[], key: CellKey): string {
  const held = points.filter((point) => point.held).map(({ ratePerSec }) => ratePerSec);
  if (held.length === 0) return "Interrupted before any rate held.";
  return `Interrupted; the highest rate that held so far is ${rateText(Math.max(...held), key)}.`;
}

function hopelessReason(points: readonly PeakPoint[]): string {
  const [last] = points.slice(-1);
  return last === undefined ? "The search found nothing to measure." : `${reasonsText(last)}.`;
}

function unjudgedReason(points: readonly PeakPoint[], key: CellKey): string {
  const [last] = points.slice(-1);
  if (last === undefined) return hopelessReason(points);
  const what = last.cause === "generator" ? "the generator" : "the instrument";
  return `Nothing can be said about the server: ${what} was at fault at every rate, down to ${rateText(last.ratePerSec, key)}. ${last.reasons[0] ?? ""}`;
}
