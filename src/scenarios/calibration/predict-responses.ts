/** What a queue's responses are predicted from; equal lengths, in the order of the schedule. */
export interface QueueWork {
  /** When the schedule said that each request should start, nanoseconds of one clock, ascending. */
  readonly intendedNs: ArrayLike<number>;
  /** How long the programmed server says it really worked on each, nanoseconds. */
  readonly serviceNs: ArrayLike<number>;
  /** What the way there and back takes without any queue, nanoseconds: a constant, measured on other requests. */
  readonly pathNs: number;
}

/**
 * The response time (from intended to done) of every request to one server with one first-in first-out queue, nanoseconds:
 * its own work, the work that was still to be done when it came, and the way.
 *
 * The way there delays all arrivals alike, so it shifts the whole course of the queue and changes no wait: only the sum of both
 * ways counts, and it is added once.
 *
 * @see D. V. Lindley, "The theory of queues with a single server", Proc. Cambridge Phil. Soc. 48 (1952): the wait of a request is
 * max(0, wait + work of the one before − time between them).
 */
export function predictResponses({ intendedNs, serviceNs, pathNs }: QueueWork): Float64Array {
  const responses = new Float64Array(intendedNs.length);
  let endNs = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < responses.length; i += 1) {
    const arrivalNs = intendedNs[i] ?? Number.NaN;
    endNs = Math.max(arrivalNs, endNs) + (serviceNs[i] ?? Number.NaN);
    responses[i] = endNs - arrivalNs + pathNs;
  }
  return responses;
}
