/** What the search must know of a rate that was tried. */
export interface Trial {
  readonly held: boolean;
  /** A miss that noise could have made: worth a second look before it counts. */
  readonly borderline: boolean;
  /** A miss that says nothing about the system: the instrument was at fault. It is tried again at once. */
  readonly unjudged?: boolean | undefined;
  /** Nothing can be searched here (the answers differ): the search ends at once. */
  readonly hopeless?: boolean | undefined;
}

export interface SearchOptions {
  /** Where the search begins; requests per second. */
  readonly startRatePerSec: number;
  /** The search ends when the lowest miss is at most this share above the highest hold. 0.05 for 5 %. */
  readonly resolution: number;
  /** Probes at most, repeated ones included; confirmations are not counted. */
  readonly maxProbes: number;
  /** Rates outside are not tried. */
  readonly lowestRatePerSec: number;
  readonly highestRatePerSec: number;
  /** One short run at a rate. */
  probe(ratePerSec: number): Promise<Trial>;
  /** A full run at a rate. */
  confirm(ratePerSec: number): Promise<Trial>;
}

/**
 * `confirmed`: the rate held in a full run too; `unconfirmed`: it held in probes, but no full run near it did; `none`: no
 * rate held; `unjudged`: the instrument was at fault at each rate from the start downwards.
 */
export interface SearchResult {
  readonly state: "confirmed" | "unconfirmed" | "none" | "unjudged" | "hopeless";
  /** The highest rate that held. */
  readonly peakPerSec?: number | undefined;
  /** The lowest rate above it that was never held; absent when none failed. */
  readonly failedPerSec?: number | undefined;
  /** The lowest miss and the highest hold are further apart than the resolution: the probes ran out. */
  readonly coarse: boolean;
}

/** Full runs at most: after a failed one the rate is lowered by one, two, then four resolutions. */
export const MOST_CONFIRMATIONS = 4;
/** Rates from the start downwards that may be unjudged before the search gives up. */
const MOST_UNJUDGED = 3;
/** Digits of a rate: finer ones say nothing. */
const DIGITS = 4;

interface Tried extends Trial {
  readonly ratePerSec: number;
}

/**
 * Finds the highest rate that holds: doubles from the start until one fails (halves, then in larger steps, until one holds),
 * bisects geometrically to the resolution, and confirms. It is not assumed that every rate below one that holds also holds:
 * the failing end of the last bracket, if noise could have made it, is tried again, and when it holds the search goes on above
 * it.
 *
 * @throws what `probe` and `confirm` throw.
 */
export async function searchPeak(options: SearchOptions): Promise<SearchResult> {
  const { resolution } = options;
  const tried: Tried[] = [];
  for (let count = 0; count < options.maxProbes; count += 1) {
    const ratePerSec = nextRate(tried, options);
    if (ratePerSec === undefined) break;
    const trial = await options.probe(ratePerSec);
    if (trial.hopeless === true) return { state: "hopeless", coarse: true };
    tried.push({ ...trial, ratePerSec });
  }
  const held = highestHeld(tried);
  if (held === undefined) {
    const judged = tried.some(({ unjudged }) => unjudged !== true);
    return { state: judged ? "none" : "unjudged", failedPerSec: lowest(tried), coarse: false };
  }
  const bracket = { failedPerSec: lowestFailedAbove(tried, held) };
  const coarse = isCoarse(held, bracket.failedPerSec, options);
  let candidate = held;
  for (let attempt = 0; attempt < MOST_CONFIRMATIONS; attempt += 1) {
    const trial = await options.confirm(candidate);
    if (trial.hopeless === true) return { state: "hopeless", coarse: true };
    if (trial.held) return { state: "confirmed", peakPerSec: candidate, ...bracket, coarse };
    candidate = round(candidate / (1 + resolution) ** (2 ** attempt));
    if (candidate < options.lowestRatePerSec) break;
  }
  return { state: "unconfirmed", peakPerSec: held, ...bracket, coarse };
}

/** The next rate to try; `undefined`: the bracket is narrow enough, or an end of the range is reached. */
function nextRate(tried: readonly Tried[], options: SearchOptions): number | undefined {
  const { startRatePerSec, resolution, lowestRatePerSec, highestRatePerSec } = options;
  const within = (rate: number): number =>
    Math.min(highestRatePerSec, Math.max(lowestRatePerSec, round(rate)));
  const last = tried.at(-1);
  if (last === undefined) return within(startRatePerSec);
  if (last.unjudged === true && timesTried(tried, last.ratePerSec) === 1) return last.ratePerSec;
  const held = highestHeld(tried);
  if (held === undefined) {
    const failed = lowest(tried) ?? startRatePerSec;
    if (failed <= lowestRatePerSec) return repeatable(tried, failed) ? failed : undefined;
    const rates = new Set(tried.map(({ ratePerSec }) => ratePerSec)).size;
    // Lower rates have fewer requests in which a fault could show: that a run there looks sound says nothing.
    if (rates >= MOST_UNJUDGED && tried.every(({ unjudged }) => unjudged === true)) return undefined;
    return within(failed / 2 ** rates);
  }
  const failed = lowestFailedAbove(tried, held);
  if (failed === undefined) return held >= highestRatePerSec ? undefined : within(held * 2);
  const middle = round(Math.sqrt(held * failed));
  if (failed / held > 1 + resolution && middle > held && middle < failed) return middle;
  return repeatable(tried, failed) ? failed : undefined;
}

/** A rate whose only miss could have been noise. */
function repeatable(tried: readonly Tried[], rate: number): boolean {
  const there = tried.find(({ ratePerSec }) => ratePerSec === rate);
  return timesTried(tried, rate) === 1 && there?.borderline === true;
}

function timesTried(tried: readonly Tried[], rate: number): number {
  return tried.filter(({ ratePerSec }) => ratePerSec === rate).length;
}

function highestHeld(tried: readonly Tried[]): number | undefined {
  const rates = tried.filter(({ held }) => held).map(({ ratePerSec }) => ratePerSec);
  return rates.length > 0 ? Math.max(...rates) : undefined;
}

function lowestFailedAbove(tried: readonly Tried[], rate: number): number | undefined {
  return lowest(tried.filter(({ held, ratePerSec }) => !held && ratePerSec > rate));
}

function lowest(tried: readonly Tried[]): number | undefined {
  return tried.length > 0 ? Math.min(...tried.map(({ ratePerSec }) => ratePerSec)) : undefined;
}

function isCoarse(held: number, failed: number | undefined, { resolution }: SearchOptions): boolean {
  return failed !== undefined && failed / held > (1 + resolution) * (1 + 1e-3);
}

function round(rate: number): number {
  return Number(rate.toPrecision(DIGITS));
}
