import { kneeOf } from "./knee.ts";
import { type PeakCell, type PeakPoint, type PeakState, rateText, shortReasons } from "./peak-result.ts";

/** What a search ended with. */
export interface SearchOutcome {
  readonly state: PeakState;
  readonly peakPerSec?: number | undefined;
  /** The lowest rate above the peak that never held. */
  readonly failedPerSec?: number | undefined;
  /** The bracket is wider than the resolution: the probes ran out. */
  readonly coarse: boolean;
  /** Why nothing could be searched, or why it ended early. */
  readonly reason?: string | undefined;
}

export interface PeakFacts
  extends Pick<PeakCell, "name" | "key" | "executionProvider" | "estimatePerSec" | "confirmation"> {
  readonly points: readonly PeakPoint[];
  readonly outcome: SearchOutcome;
  /** 0.05 for 5 %. */
  readonly resolution: number;
  /** With which every percentile of the objective has an interval. */
  readonly requestsNeeded: number;
}

/** The result of one cell's search: its interval, its knee and what a reader should know. Pure. */
export function summarisePeak({ outcome, resolution, requestsNeeded, ...facts }: PeakFacts): PeakCell {
  const { state, peakPerSec } = outcome;
  const lowestMiss = facts.points.find(
    ({ held, ratePerSec }) => !held && ratePerSec === outcome.failedPerSec,
  );
  return {
    ...facts,
    state,
    peakPerSec,
    intervalPerSec: peakPerSec === undefined ? undefined : intervalOf(facts.points, outcome, resolution),
    limitedBy: lowestMiss?.cause,
    knee: kneeOf(facts.points),
    notes: notesOf(facts, outcome, requestsNeeded),
  };
}

function lowestProbe(points: readonly PeakPoint[]): PeakPoint | undefined {
  return points
    .filter(({ kind }) => kind === "search")
    .toSorted((a, b) => a.ratePerSec - b.ratePerSec)
    .at(0);
}

/**
 * From the confirmed rate (a step lower when some of its repetitions missed by themselves) to the lowest rate above that never
 * held. A confirmation that failed on the way does not narrow it: a probe had held there.
 */
function intervalOf(
  points: readonly PeakPoint[],
  { state, peakPerSec = 0, failedPerSec: high }: SearchOutcome,
  resolution: number,
): NonNullable<PeakCell["intervalPerSec"]> {
  const confirmations = points.filter(({ kind }) => kind === "confirmation");
  const heldBelow = (rate: number): number | undefined => {
    const rates = points.filter(({ held, ratePerSec }) => held && ratePerSec < rate);
    return rates.length > 0 ? Math.max(...rates.map(({ ratePerSec }) => ratePerSec)) : undefined;
  };
  if (state === "confirmed") {
    const last = confirmations.at(-1);
    if (last === undefined || last.runsHeld === last.runs) return { low: peakPerSec, high };
    return { low: Math.max(heldBelow(peakPerSec) ?? 0, peakPerSec / (1 + resolution) ** 2), high };
  }
  const failedRates = confirmations.filter(({ held }) => !held).map(({ ratePerSec }) => ratePerSec);
  if (failedRates.length === 0) return { low: peakPerSec, high };
  return { low: heldBelow(Math.min(...failedRates)) ?? 0, high };
}

function notesOf(
  { points, key, confirmation }: Pick<PeakFacts, "points" | "key" | "confirmation">,
  outcome: SearchOutcome,
  requestsNeeded: number,
): readonly string[] {
  const { state, peakPerSec, failedPerSec, coarse, reason } = outcome;
  const notes: string[] = [];
  const lowest = lowestProbe(points);
  const last = points.findLast(({ kind }) => kind === "confirmation");
  if (reason !== undefined) notes.push(reason);
  if (state === "none" && lowest !== undefined) {
    notes.push(
      `No rate holds the objective: at ${rateText(lowest.ratePerSec, key)} already ${shortReasons(lowest)}.`,
    );
  }
  if (state === "unconfirmed" && last !== undefined) {
    notes.push(
      `Probes held ${rateText(peakPerSec, key)}, but no full run did, down to ${rateText(last.ratePerSec, key)} (${shortReasons(last)}): ${remedy(last)}.`,
    );
  }
  if (state === "confirmed" && last !== undefined && last.runsHeld < last.runs) {
    notes.push(
      `${last.runs - last.runsHeld} of ${last.runs} repetitions at the peak missed the objective by themselves; pooled they hold it.`,
    );
  }
  for (const { repetition, verdict, reasons } of confirmation?.runs ?? []) {
    if (confirmation?.pooled.includes(repetition) === true) continue;
    notes.push(`Repetition ${repetition} of the full run is ${verdict} and not pooled: ${reasons.join(" ")}`);
  }
  if (state === "confirmed" && last !== undefined && last.requests < requestsNeeded) {
    notes.push(
      `The full run made ${last.requests} requests, and a percentile of the objective needs ${requestsNeeded}: lengthen --duration.`,
    );
  }
  if (coarse && failedPerSec !== undefined) {
    notes.push(
      `The probes ran out between ${peakPerSec} (held) and ${rateText(failedPerSec, key)}: raise --max-probes to narrow it.`,
    );
  }
  if ((state === "confirmed" || state === "unconfirmed") && failedPerSec === undefined) {
    notes.push("No rate was missed: the peak lies higher (raise --max-probes or --start-rate).");
  }
  if (
    state !== "failed" &&
    points.some(({ cause, ratePerSec }) => cause === "generator" && ratePerSec === failedPerSec)
  ) {
    notes.push(
      `At ${rateText(failedPerSec, key)} the generator was the limit, not the server, which may hold more: use --generators 2, or free the machine of other load.`,
    );
  }
  return notes;
}

function remedy({ cause }: PeakPoint): string {
  return cause === "generator" || cause === "instrument"
    ? "free the machine of other load, or use --generators 2"
    : "use longer probes (--probe-duration)";
}
