/** Three points of a distribution, milliseconds; nearest rank. */
export interface Points {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** One case on one transport: what arithmetic says, what was measured, and how far apart they are, request by request. */
export interface CaseResult {
  readonly transport: string;
  /** Name of the case, e.g. `load-0.8`. */
  readonly name: string;
  /** What is asked of the server, in words. */
  readonly what: string;
  /** Judged requests; those that the path's cost was taken from are not among them. */
  readonly requests: number;
  /** The constant of the prediction: median of (response − work) of the idle requests before the judged ones. */
  readonly pathMs: number;
  readonly predicted: Points;
  readonly measured: Points;
  /** |measured − predicted| of each request. */
  readonly error: Points;
  /** Requests that reached the server before one that was scheduled earlier. */
  readonly outOfOrder: number;
  /** Time that the generator's threads waited for a core, where the kernel tells it. */
  readonly generatorWaitMs?: number | undefined;
  /** Why there is nothing to judge; the figures are NaN then. */
  readonly failure?: string | undefined;
}

/** What a client that does nothing costs, and how well the machine keeps time. */
export interface OwnCost {
  /** `local` transport, `null` model, one outstanding: everything but a network and a model. */
  readonly timePerRequestMs: number;
  readonly cpuPerRequestMs: number;
  /** The same at 1,000 requests per second: the generator's waiting included, its spinning taken out where it is known. */
  readonly openLoopCpuPerRequestMs: number;
  /** Smallest step of the clock that was seen, and what reading it takes. */
  readonly clockStepNs: number;
  readonly clockReadNs: number;
  /** How late the generator's pacer and a timer of Node are. */
  readonly pacerLateness: Points;
  readonly timerLateness: Points;
}

/** Bytes of one transport as the harness counts them and as the kernel does. */
export interface ByteCheck {
  readonly transport: string;
  readonly requests: number;
  /** Payload, and what the sockets say was handed to TCP; a request and direction each. */
  readonly requestPayloadBytes: number;
  readonly responsePayloadBytes: number;
  readonly requestTcpBytes: number;
  readonly responseTcpBytes: number;
  /** The kernel's count of the same (TCP_INFO's bytes acknowledged and received); absent without `ss`. */
  readonly requestKernelBytes?: number | undefined;
  readonly responseKernelBytes?: number | undefined;
  /** Bytes of frames on an interface of 1,500 bytes MTU; absent where no network namespace can be had. */
  readonly requestWireBytes?: number | undefined;
  readonly responseWireBytes?: number | undefined;
  readonly failure?: string | undefined;
}

/** What a calibration of one machine found: plain data. */
export interface Calibration {
  /** ISO 8601, UTC. */
  readonly ranAt: string;
  /** Whose calibration it is: see `machineKey`. */
  readonly machine: string;
  /** `quick`: few requests, to show that it works. */
  readonly quick: boolean;
  readonly seed: number;
  /** The bound of every case's error p99. */
  readonly boundMs: number;
  /** Every case's error is within the bound. */
  readonly passed: boolean;
  readonly cases: readonly CaseResult[];
  readonly own?: OwnCost | undefined;
  readonly bytes: readonly ByteCheck[];
}

/** The largest error p99 that a case may have (docs/methodology.md). */
export const ERROR_BOUND_MS = 0.3;

/** Points of values in nanoseconds. @throws {RangeError} for none. */
export function pointsOf(valuesNs: ArrayLike<number>): Points {
  const sorted = Float64Array.from(valuesNs).sort();
  if (sorted.length === 0) throw new RangeError("expected at least one value");
  const at = (share: number): number =>
    (sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN) / 1e6;
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}
