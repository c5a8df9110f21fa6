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

export function createSpin(clock: Clock): Spin {
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
