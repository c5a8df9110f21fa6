/** States of a pacer. */
export const IDLE = 0;
export const ARMED = 1;
export const ENDED = 2;

/** What a pacer and its thread share. */
export interface PacerMemory {
  /** One of the states. */
  readonly state: Int32Array;
  /** When to wake, nanoseconds of the monotonic clock. */
  readonly moment: Float64Array;
}

export function createPacerMemory(): PacerMemory {
  return {
    state: new Int32Array(new SharedArrayBuffer(4)),
    moment: new Float64Array(new SharedArrayBuffer(8)),
  };
}
