/** States of a pacer. */
export const IDLE = 0;
export const BEGUN = 1;
export const ENDED = 2;

/** The last of every wait is spun away: a thread's wake-up takes up to this long. */
export const SPIN_NS = 300_000;
/** A sleep shorter than this costs more than it saves. */
export const SHORTEST_SLEEP_NS = 100_000;

/** What a pacer and its thread share. */
export interface PacerMemory {
  /** One of the states. */
  readonly state: Int32Array;
  /** 1: the event loop sleeps and is to be woken before the next moment. */
  readonly asleep: Int32Array;
  /** The beginning, nanoseconds of the monotonic clock. */
  readonly beginNs: Float64Array;
  /** Moments, nanoseconds from the beginning, ascending. */
  readonly offsetsNs: Float64Array;
}

export function createPacerMemory(offsetsNs: Float64Array): PacerMemory {
  const shared = new Float64Array(new SharedArrayBuffer(offsetsNs.byteLength));
  shared.set(offsetsNs);
  return {
    state: new Int32Array(new SharedArrayBuffer(4)),
    asleep: new Int32Array(new SharedArrayBuffer(4)),
    beginNs: new Float64Array(new SharedArrayBuffer(8)),
    offsetsNs: shared,
  };
}
