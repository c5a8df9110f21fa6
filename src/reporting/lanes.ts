/** Gives things that overlap in time lanes of their own. */
export interface Lanes {
  /** How many there are by now. */
  readonly count: number;
  /** The lowest lane that is free from `begin` on, taken until `end`; a new one where none is. From 0. */
  take(begin: number, end: number): number;
}

export function createLanes(): Lanes {
  const freeFrom: number[] = [];
  return {
    get count() {
      return freeFrom.length;
    },
    take(begin, end) {
      const found = freeFrom.findIndex((free) => free <= begin);
      const lane = found === -1 ? freeFrom.length : found;
      freeFrom[lane] = end;
      return lane;
    },
  };
}
