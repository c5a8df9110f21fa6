import type { Clock } from "../core/clock.ts";

/** Waits for moments by letting the event loop turn and turn. */
export interface Spin {
  /** Calls back at a moment, at the earliest in the next turn. A new one replaces the last. */
  until(momentNs: number, onDue: () => void): void;
  cancel(): void;
  /** Time that went into turns with nothing to do, nanoseconds. */
  spunNs(): number;
}

/** A turn that takes longer had work to do: an answer came in. */
const IDLE_TURN_NS = 20_000;

/**
 * What is done between two turns, some 5 µs long: each turn leaves some 400 bytes behind, and turns without a pause 300 MB a
 * second, whose collections make requests late.
 */
const PAUSE_LOADS = 1_000;
/** With less than this to go there is no pause. */
const PAUSE_NS = 8_000;

export function createSpin(clock: Clock): Spin {
  const nothing = new Int32Array(1);
  let dueNs = 0;
  let due: (() => void) | undefined;
  let isTurning = false;
  let lastNs = Number.NaN;
  let spunNs = 0;

  const look = (): void => {
    const nowNs = clock.nowNs();
    // NaN in the first turn: what was done before it is none of its business.
    if (nowNs - lastNs <= IDLE_TURN_NS) spunNs += nowNs - lastNs;
    if (due !== undefined && nowNs < dueNs) {
      lastNs = nowNs;
      if (dueNs - nowNs > PAUSE_NS) for (let i = 0; i < PAUSE_LOADS; i += 1) Atomics.load(nothing, 0);
      setImmediate(look);
      return;
    }
    const onDue = due;
    due = undefined;
    isTurning = false;
    lastNs = Number.NaN;
    onDue?.();
  };

  return {
    until(momentNs, onDue) {
      dueNs = momentNs;
      due = onDue;
      if (isTurning) return;
      isTurning = true;
      setImmediate(look);
    },
    cancel() {
      due = undefined;
    },
    spunNs: () => spunNs,
  };
}
