import { createRandom } from "../../../../src/core/random.ts";
import type { Trial } from "../../../../src/scenarios/peak/search-peak.ts";

export interface QueueSystem {
  readonly serviceMs: number;
  /** p99 of the response time must be at most this. */
  readonly boundMs: number;
}

export interface QueueRun {
  readonly ratePerSec: number;
  readonly durationMs: number;
  readonly seed: number;
}

/** Response times of one server with one queue, Poisson arrivals and a constant service time (Lindley's recursion). */
export function responsesMs(
  { serviceMs }: QueueSystem,
  { ratePerSec, durationMs, seed }: QueueRun,
): Float64Array {
  const random = createRandom(seed);
  const responses: number[] = [];
  let at = 0;
  let freeAt = 0;
  for (;;) {
    at += (-Math.log(1 - random.fraction()) * 1_000) / ratePerSec;
    if (at >= durationMs) return Float64Array.from(responses);
    freeAt = Math.max(at, freeAt) + serviceMs;
    responses.push(freeAt - at);
  }
}

/** One probe of the queue as the search sees it. */
export function probeQueue(system: QueueSystem, run: QueueRun): Trial {
  const held = p99(responsesMs(system, run)) <= system.boundMs;
  return { held, borderline: !held && run.ratePerSec * system.serviceMs < 1_000 };
}

/** The true answer: bisected over runs long enough to leave no noise that matters. */
export function highestRate(system: QueueSystem): number {
  let low = 1;
  let high = 1_000 / system.serviceMs;
  for (let step = 0; step < 9; step += 1) {
    const ratePerSec = (low + high) / 2;
    const held = p99(responsesMs(system, { ratePerSec, durationMs: 3e6, seed: 7 })) <= system.boundMs;
    if (held) low = ratePerSec;
    else high = ratePerSec;
  }
  return low;
}

function p99(values: Float64Array): number {
  const sorted = values.toSorted();
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0;
}
