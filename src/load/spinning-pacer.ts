import type { Clock } from "../core/clock.ts";
import type { Pacer } from "./pacer.ts";
import { createSpin } from "./spin.ts";

/** A pacer without a thread, for any clock: it spins all the time. */
export function createSpinningPacer(clock: Clock): Pacer {
  const spin = createSpin(clock);
  return {
    begin: () => undefined,
    alarm: spin.until,
    cancel: spin.cancel,
    spinMs: () => spin.spunNs() / 1e6,
    close: () => Promise.resolve(),
  };
}
