import type { RunRecord } from "./run-record.ts";
import type { StageTimes } from "./stages.ts";

/** Sums over good answers, nanoseconds. */
interface ShareSums {
  readonly requests: number;
  readonly responseNs: number;
  /** Of that, while the request or its answer was in the generator's hands, or on its way back to them. */
  readonly ownNs: number;
}

/** How much of a run's response time passed where a generator that waits for a core, or is busy, makes it longer. */
export interface GeneratorShare {
  readonly all: ShareSums;
  /** The requests at or above the run's 99th percentile of the response time. */
  readonly tail: ShareSums;
}

/**
 * The generator's own part of a request: send lateness, its own stages, and the downlink, in which an answer waits for a
 * generator that does not look (several clocks: without the downlink, which is then not known).
 *
 * @param latenessNs - of each row, by the generator's own fault.
 * @returns absent where nothing was answered.
 */
export function generatorShare(
  record: RunRecord,
  { stages }: StageTimes,
  latenessNs: Float64Array,
): GeneratorShare | undefined {
  const { status, intendedNs, doneNs } = record.columns;
  const own = OWN_STAGES.flatMap((stage) => stages.get(stage) ?? []);
  const responses = new Float64Array(record.rows).fill(Number.NaN);
  for (let row = 0; row < record.rows; row += 1) {
    if (status[row] === 0) responses[row] = doneNs[row]! - intendedNs[row]!;
  }
  const sorted = responses.filter((value) => !Number.isNaN(value)).sort();
  if (sorted.length === 0) return undefined;
  const sumsFrom = (leastNs: number): ShareSums => {
    let requests = 0;
    let responseNs = 0;
    let ownNs = 0;
    for (let row = 0; row < responses.length; row += 1) {
      if (!(responses[row]! >= leastNs)) continue;
      requests += 1;
      responseNs += responses[row]!;
      ownNs += latenessNs[row]!;
      for (const values of own) if (!Number.isNaN(values[row]!)) ownNs += values[row]!;
    }
    return { requests, responseNs, ownNs };
  };
  return {
    all: sumsFrom(Number.NEGATIVE_INFINITY),
    tail: sumsFrom(sorted[Math.ceil((990 * sorted.length) / 1000) - 1]!),
  };
}

const OWN_STAGES = [
  "client_preprocess",
  "encode",
  "downlink",
  "client_decode",
  "client_postprocess",
] as const;

/** The shares of several runs in one. */
export function mergeShares(shares: readonly GeneratorShare[]): GeneratorShare | undefined {
  if (shares.length === 0) return undefined;
  const added = (part: "all" | "tail"): ShareSums => ({
    requests: shares.reduce((sum, share) => sum + share[part].requests, 0),
    responseNs: shares.reduce((sum, share) => sum + share[part].responseNs, 0),
    ownNs: shares.reduce((sum, share) => sum + share[part].ownNs, 0),
  });
  return { all: added("all"), tail: added("tail") };
}
