import { percentileLabel } from "./duration-figures.ts";
import type { CellFigures } from "./figures.ts";

/** A generator whose event loop was busy for more than this share of the window was late for its own answers. */
const BUSY = 0.8;
/** The generator's part of a tail explains it when it is more than this share of what the tail is above the mean. */
const EXPLAINS = 0.5;
/** A tail that is less above the mean than both of these needs no explanation. */
const TAIL_SHARE = 0.05;
const TAIL_MS = 0.2;

/** What the generator of an open loop did to the response times, with what to do; empty for a healthy one. */
export function generatorReasons(figures: CellFigures): string[] {
  const lateness = latenessReason(figures);
  const tail = tailReason(figures);
  return [lateness, tail].flatMap((reason) => reason ?? []);
}

function latenessReason({
  latenessEffect,
  sendLateness,
  lateStarts,
  requests,
}: CellFigures): string | undefined {
  if (latenessEffect === undefined) return undefined;
  const { percentile, withMs, withoutMs } = latenessEffect;
  const p99 =
    sendLateness.p99Ms === undefined ? "" : `, p99 of its lateness ${sendLateness.p99Ms.toFixed(3)} ms`;
  return `The generator sent late (${lateStarts} of ${requests} requests by more than 1 ms${p99}): ${percentileLabel(percentile)} is ${withMs.toFixed(3)} ms with its lateness and ${withoutMs.toFixed(3)} ms without. Lower the rate, use --generators 2, or free the machine of other load.`;
}

/**
 * The tail's excess over the mean, compared with the generator's own part of it. Waiting for a core explains it only where the
 * generator waited at least as long as its tail's excess adds up to, each wait shared by the requests that are in flight.
 */
function tailReason({
  generatorShare,
  costs,
  windowSec,
  response,
  okResponse,
}: CellFigures): string | undefined {
  const { runQueueWaitMs, eventLoopUtilization } = costs.client ?? {};
  if (generatorShare === undefined || response.p99Ms === undefined) return undefined;
  const { all, tail } = generatorShare;
  const meanMs = all.responseNs / all.requests / 1e6;
  const excessMs = tail.responseNs / tail.requests / 1e6 - meanMs;
  const ownMs = (tail.ownNs / tail.requests - all.ownNs / all.requests) / 1e6;
  if (excessMs <= TAIL_MS || excessMs <= TAIL_SHARE * meanMs || ownMs <= EXPLAINS * excessMs)
    return undefined;
  const part = `${ownMs.toFixed(3)} of the ${excessMs.toFixed(3)} ms by which the slowest 1 % of requests are above the mean passed in the generator`;
  if (eventLoopUtilization !== undefined && eventLoopUtilization > BUSY) {
    return `The generator's event loop was busy for ${(100 * eventLoopUtilization).toFixed(0)} % of the time, and ${part}: lower the rate, or use --generators 2.`;
  }
  const inFlight = Math.max(1, (okResponse.count / Math.max(windowSec, 1e-9)) * (meanMs / 1e3));
  if (runQueueWaitMs !== undefined && runQueueWaitMs >= (ownMs * tail.requests) / inFlight) {
    return `The generator waited ${runQueueWaitMs.toFixed(0)} ms for a core, and ${part}: lower the rate, use --generators 2, or free the machine of other load.`;
  }
  return undefined;
}
