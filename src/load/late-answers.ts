import type { LoadContext } from "./load-context.ts";
import { sleepUntil } from "./sleep.ts";

/** An answer that comes later than this after the last request has ended is not waited for. */
const WAIT_NS = 1e9;

/**
 * Waits at a run's end, where a request timed out, a second for answers that may still come. They are counted by what the
 * recorder watches; a transport that cancels what it gives up on has none.
 */
export async function awaitLateAnswers({ recorder, clock, signal }: LoadContext): Promise<void> {
  if (signal.aborted || recorder.counts.timedOut === 0) return;
  await sleepUntil(clock.nowNs() + WAIT_NS, clock, signal);
}
