/** The first wait before a process that ended is replaced; each that follows soon is twice the one before. */
const FIRST_MS = 100;
const MOST_MS = 10_000;
/** A process that served this long starts the row anew. */
const CALM_MS = 30_000;

/** How long to wait before the next process of a place, and how many ended in a row without having served. */
export class RestartDelay {
  #inRow = 0;
  #failedStarts = 0;

  /** Starts in a row that came to nothing and counted. */
  get failedStarts(): number {
    return this.#failedStarts;
  }

  /**
   * A process ended before it served.
   * @param counts - towards {@link failedStarts}; one that does not ends the row.
   * @returns the wait, milliseconds
   */
  startFailed(counts: boolean): number {
    this.#failedStarts = counts ? this.#failedStarts + 1 : 0;
    return this.#next();
  }

  /** A process ended by itself. @param servedMs - since it was ready. @returns the wait, milliseconds */
  ended(servedMs: number): number {
    this.#failedStarts = 0;
    if (servedMs >= CALM_MS) this.#inRow = 0;
    return this.#next();
  }

  #next(): number {
    const delayMs = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(this.#inRow, 10));
    this.#inRow += 1;
    return delayMs;
  }
}
