import { createSchedule } from "../../load/schedule.ts";

/** What one case asks of a server with one queue. */
export interface CalibrationCase {
  readonly name: string;
  readonly what: string;
  /** The built-in model. */
  readonly model: string;
  /** When each request is to start, nanoseconds from the run's start, ascending. */
  readonly offsetsNs: Float64Array;
  /** What request 0, 1, … asks to wait, microseconds. */
  readonly delaysUs: readonly number[];
  /** So many requests at the head come at equal gaps and find no queue: the path's cost is taken from them, the others are judged. */
  readonly idle: number;
}

/** Idle requests at the head of a case. */
const IDLE = { full: 100, quick: 16 };
const STALL_MS = 1_400;
const SERVICE_NS = 5e6;

/**
 * The cases: a constant service time of 5 and of 20 ms without a queue, a stall of 1.4 s among requests of 5 ms, and Poisson
 * arrivals at a load of 0.5 and of 0.8. Each begins with requests that find no queue, at the same rate and service time.
 *
 * @param options.quick - few requests: shows that it works.
 */
export function calibrationCases({
  seed,
  quick,
}: {
  readonly seed: number;
  readonly quick: boolean;
}): readonly CalibrationCase[] {
  const idle = quick ? IDLE.quick : IDLE.full;
  const share = quick ? 0.1 : 1;
  const count = (full: number): number => Math.ceil(full * share);
  return [
    constantCase("service-5ms", 5, { gapMs: 20, requests: count(400), idle }),
    constantCase("service-20ms", 20, { gapMs: 40, requests: count(250), idle }),
    stallCase({ gapMs: 25, requests: quick ? 100 : 240, idle }),
    loadCase(0.5, { requests: count(1_000), idle, seed }),
    loadCase(0.8, { requests: count(1_600), idle, seed }),
  ];
}

interface CaseSize {
  readonly requests: number;
  readonly idle: number;
}

function constantCase(
  name: string,
  serviceMs: number,
  { gapMs, requests, idle }: CaseSize & { readonly gapMs: number },
): CalibrationCase {
  return {
    name,
    what: `${serviceMs} ms of work every ${gapMs} ms`,
    model: `delay-${serviceMs}ms`,
    idle,
    offsetsNs: afterIdle(idle, gapMs * 1e6, (index) => index * gapMs * 1e6, requests),
    delaysUs: new Array<number>(idle + requests).fill(serviceMs * 1e3),
  };
}

function stallCase({ gapMs, requests, idle }: CaseSize & { readonly gapMs: number }): CalibrationCase {
  const stalled = idle + Math.floor(requests / 6);
  const serviceMs = SERVICE_NS / 1e6;
  return {
    name: "stall-1.4s",
    what: `${serviceMs} ms of work every ${gapMs} ms, once ${STALL_MS} ms`,
    model: `delay-${serviceMs}ms`,
    idle,
    offsetsNs: afterIdle(idle, gapMs * 1e6, (index) => index * gapMs * 1e6, requests),
    delaysUs: Array.from({ length: idle + requests }, (_, index) =>
      index === stalled ? STALL_MS * 1e3 : SERVICE_NS / 1e3,
    ),
  };
}

function loadCase(
  load: number,
  { requests, idle, seed }: CaseSize & { readonly seed: number },
): CalibrationCase {
  const ratePerSec = (load * 1e9) / SERVICE_NS;
  const { offsetsNs } = createSchedule({ arrivals: { kind: "poisson", ratePerSec }, requests, seed });
  return {
    name: `load-${load}`,
    what: `${SERVICE_NS / 1e6} ms of work, Poisson arrivals at ${ratePerSec} per second: load ${load}`,
    model: `delay-${SERVICE_NS / 1e6}ms`,
    idle,
    offsetsNs: afterIdle(idle, 1e9 / ratePerSec, (index) => offsetsNs[index] ?? Number.NaN, requests),
    delaysUs: new Array<number>(idle + requests).fill(SERVICE_NS / 1e3),
  };
}

/**
 * Lone requests at equal gaps and at the case's own rate: they never wait, and both ends are as awake and as warm as they are
 * later. Then the case's own, from where the next lone one would have been.
 */
function afterIdle(
  idle: number,
  gapNs: number,
  offsetNs: (index: number) => number,
  requests: number,
): Float64Array {
  return Float64Array.from({ length: idle + requests }, (_, index) =>
    Math.round(index < idle ? index * gapNs : idle * gapNs + offsetNs(index - idle)),
  );
}
