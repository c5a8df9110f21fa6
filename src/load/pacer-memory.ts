/** States of a pacer. */
export const IDLE = 0;
export const BEGUN = 1;
export const ENDED = 2;

/** The last of every wait is spun away. */
export const SPIN_NS = 300_000;
/** The thread wakes the event loop earlier by what that takes, which is learned; but not by more. */
export const MOST_LAG_NS = 300_000;
/** A wait shorter than this is spun away whole: a sleep in it costs more than it saves. */
export const SHORTEST_WAIT_NS = SPIN_NS + MOST_LAG_NS + 100_000;

/** How much of a wake-up's lateness the next one makes up for. */
const LEARNING = 1 / 8;

/**
 * By how much to wake earlier, after one more wake-up. One that was far off (the machine paused, the alarm was replaced) moves it
 * by no more than 0.04 ms.
 *
 * @param lateNs - how long after the beginning of the spin the event loop was awake; negative: before.
 */
export function learnedLagNs(lagNs: number, lateNs: number): number {
  const bounded = Math.max(-MOST_LAG_NS, Math.min(MOST_LAG_NS, lateNs));
  return Math.max(0, Math.min(MOST_LAG_NS, lagNs + bounded * LEARNING));
}

/** What a pacer and its thread share. */
export interface PacerMemory {
  /** One of the states. */
  readonly state: Int32Array;
  /** 1: the event loop sleeps and is to be woken before the next moment. */
  readonly asleep: Int32Array;
  /** How long after the thread's alarm the event loop is awake, nanoseconds: what it learned so far. */
  readonly lagNs: Float64Array;
  /** The beginning, nanoseconds of the monotonic clock. */
  readonly beginNs: Float64Array;
  /** Moments, nanoseconds from the beginning, ascending. */
  readonly offsetsNs: Float64Array;
}

export function createPacerMemory(offsetsNs: Float64Array): PacerMemory {
  const shared = new Float64Array(new SharedArrayBuffer(offsetsNs.byteLength));
  shared.set(offsetsNs);
  const lagNs = new Float64Array(new SharedArrayBuffer(8));
  // Rather too early at first than too late.
  lagNs[0] = MOST_LAG_NS;
  return {
    lagNs,
    state: new Int32Array(new SharedArrayBuffer(4)),
    asleep: new Int32Array(new SharedArrayBuffer(4)),
    beginNs: new Float64Array(new SharedArrayBuffer(8)),
    offsetsNs: shared,
  };
}
