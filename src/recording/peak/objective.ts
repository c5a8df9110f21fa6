/** At most so long for that share of the requests: `p99=50ms`. */
export interface PercentileTerm {
  readonly kind: "percentile";
  /** `p50`, `p99.9`. */
  readonly name: string;
  /** 990 for p99. */
  readonly perMille: number;
  readonly boundMs: number;
}

/** At most this share of the scheduled requests fails, times out or is dropped: `error-rate<1%`. */
export interface ErrorRateTerm {
  readonly kind: "error-rate";
  /** 0.01 for 1 %. */
  readonly share: number;
}

/** At least this share of the scheduled requests is answered within the deadline: `goodput=99%`. */
export interface GoodputTerm {
  readonly kind: "goodput";
  readonly share: number;
  readonly deadlineMs: number;
}

export type ObjectiveTerm = PercentileTerm | ErrorRateTerm | GoodputTerm;

/** What a rate must hold: every term of it, over all scheduled requests, response time from the schedule. */
export interface Objective {
  /** As the user wrote it. */
  readonly text: string;
  /** At least one, no two of one name. */
  readonly terms: readonly ObjectiveTerm[];
}

/** Share of the requests that may go wrong; without a term about it none may. */
export function allowedErrorShare({ terms }: Objective): number {
  const term = terms.find(({ kind }) => kind === "error-rate");
  return term?.kind === "error-rate" ? term.share : 0;
}

/** Most requests that a run is asked to make for the sake of its percentiles. */
const MOST_REQUESTS = 4_000;

/** Requests with which the nearest rank of every percentile is not simply the slowest of all: 1 ÷ (1 − share), 100 for p99. */
export function requestsForObjective(objective: Objective): number {
  return mostNeeded(objective, (share) => 1 / (1 - share));
}

/**
 * Requests with which every percentile has a 95 % order-statistic interval: ln 0.025 ÷ ln share, 368 for p99.
 * @see docs/methodology.md
 */
export function requestsForInterval(objective: Objective): number {
  return mostNeeded(objective, (share) => Math.log(0.025) / Math.log(share));
}

function mostNeeded({ terms }: Objective, needed: (share: number) => number): number {
  const counts = terms.map((term) => {
    const share =
      term.kind === "percentile" ? term.perMille / 1_000 : term.kind === "goodput" ? term.share : 0;
    // The least that keeps 1 / (1 − 0.99) from becoming 101 by rounding.
    return share > 0 && share < 1 ? Math.ceil(needed(share) - 1e-6) : 1;
  });
  return Math.min(MOST_REQUESTS, Math.max(1, ...counts));
}
