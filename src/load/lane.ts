import type { WhenBusy } from "../core/cell.ts";

/** What becomes of an arrival. */
export type Admission =
  | "start"
  | "wait"
  | "drop"
  /** It waits in the place of this one, which is dropped. */
  | { readonly instead: number };

/** The in-flight limit of one vehicle, and the arrivals that wait at it. Requests are named by their numbers. */
export interface Lane {
  /** A new arrival; `start` counts it as out. */
  arrive(seq: number): Admission;
  /** A request that was out has ended: the one that has waited longest is taken out and counted as out, if there is one. */
  next(): number | undefined;
}

/** @param limit - requests out at most. */
export function createLane(limit: number, whenBusy: WhenBusy): Lane {
  let out = 0;
  let waiting: number[] = [];
  let first = 0;
  return {
    arrive(seq) {
      if (out < limit) {
        out += 1;
        return "start";
      }
      if (whenBusy === "drop-new") return "drop";
      const before = waiting[first];
      if (whenBusy === "newest-wins" && before !== undefined) {
        waiting[first] = seq;
        return { instead: before };
      }
      waiting.push(seq);
      return "wait";
    },
    next() {
      const seq = waiting[first];
      if (seq === undefined) {
        out -= 1;
        return undefined;
      }
      first += 1;
      // Taking the first out of a long array moves all the others each time.
      if (first >= 1024 || first === waiting.length) {
        waiting = waiting.slice(first);
        first = 0;
      }
      return seq;
    },
  };
}
