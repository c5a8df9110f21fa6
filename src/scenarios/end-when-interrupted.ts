import type { Crew } from "./crew.ts";

/** What an interrupt does to the processes of a run, some of which may not answer. */
export interface Interruption {
  /** From now on there is something to fetch before they end. */
  measuring(): void;
  /** The run is over. */
  off(): void;
}

/** In so long what was measured until an interrupt is there: the last answers, the ends of windows and the record. */
const FETCH_MS = 30_000;

/** Ends the processes when the signal is aborted, whatever they are asked just then: before the measurement at once. */
export function endWhenInterrupted(crew: Pick<Crew, "end">, signal: AbortSignal): Interruption {
  let afterMs = 0;
  let timer: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    timer = setTimeout(() => void crew.end(), afterMs);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  return {
    measuring() {
      afterMs = FETCH_MS;
    },
    off() {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    },
  };
}
