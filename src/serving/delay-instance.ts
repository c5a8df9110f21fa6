import type { Clock } from "../core/clock.ts";
import { type WaitTimers, waitUntil } from "./precise-wait.ts";
import type { Instance, Job } from "./scheduler.ts";

/** A request to the `delay` model. */
export interface DelayJob extends Job {
  /** When it joined the queue, nanoseconds of the clock. */
  readonly queuedNs: number;
  readonly delayNs: number;
}

/** When its time began and ended, nanoseconds of the clock. */
export interface DelayTimes {
  readonly beganNs: number;
  readonly finishedNs: number;
}

/**
 * One programmed server: busy with one request after the other, and never idle while one waits. A request's time begins when it
 * came or when the one before it ended, whichever is later; what handing over takes is thus within the delay and not between two.
 * So its course is the one that queueing theory predicts, and the times that it reports are all there is to it.
 */
export function createDelayInstance(clock: Clock, timers?: WaitTimers): Instance<DelayJob, DelayTimes> {
  let endedNs = Number.NEGATIVE_INFINITY;
  return async ([job]) => {
    const beganNs = Math.max(job?.queuedNs ?? clock.nowNs(), endedNs);
    await waitUntil(beganNs + (job?.delayNs ?? 0), clock, timers);
    endedNs = clock.nowNs();
    return [{ beganNs, finishedNs: endedNs }];
  };
}
