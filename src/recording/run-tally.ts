import type { Stage } from "../core/stage.ts";
import type { Blocks } from "./blocks.ts";
import type { Distribution } from "./distribution.ts";
import type { GeneratorShare } from "./generator-share.ts";
import type { Jitter } from "./jitter.ts";
import type { InFlightTally } from "./little.ts";
import type { ProcessCosts } from "./process-costs.ts";
import type { FailureCount } from "./run-record.ts";
import type { Stalls } from "./stalls.ts";
import type { TailSums } from "./tail.ts";
import type { VehicleTally } from "./vehicle-figures.ts";
import type { WireBytes } from "./wire-bytes.ts";

/** What a server's cumulative counters grew by over a run. */
export interface ServerMeans {
  /** Requests that the server answered in that time, those of others included. */
  readonly requests: number;
  /** Sum over the requests that the server counts for a stage, and how many those are. */
  readonly stages: Readonly<Partial<Record<Stage, { readonly count: number; readonly sumNs: number }>>>;
}

/**
 * One run, counted: all that figures are made of, in a few kilobytes of plain data that merge with other runs'.
 * `requests = ok + failed + timedOut + dropped`.
 */
export interface RunTally {
  readonly requests: number;
  readonly ok: number;
  readonly failed: number;
  /** DEADLINE_EXCEEDED. */
  readonly timedOut: number;
  readonly dropped: number;
  readonly lateAnswers: number;
  /** Requests that were started more than 1 ms after their intended time. */
  readonly lateStarts: number;
  readonly failures: readonly FailureCount[];
  readonly windowNs: number;
  /** Good answers within the window, and those of them within the deadline. */
  readonly completed: number;
  readonly completedInTime?: number | undefined;
  /** Median response time of the window's first quarter, nanoseconds: what is in flight anyway at its end. */
  readonly earlyResponseNs?: number | undefined;
  /** Failures in a row at the end of which the server did not answer (UNAVAILABLE, CANCELLED). */
  readonly unansweredAtEnd: number;
  readonly timeoutMs: number;
  readonly concurrency?: number | undefined;
  readonly aborted: boolean;
  /** Every scheduled request; what failed or was dropped is infinite. */
  readonly response: Distribution;
  /** Good answers alone. */
  readonly okResponse: Distribution;
  /** Every request that was started; what failed is infinite. */
  readonly service: Distribution;
  readonly sendLateness: Distribution;
  /** Response time without the generator's own lateness; where absent, service time is that. */
  readonly onTime?: Distribution | undefined;
  /** Queries of a multi-stream run, each as long as its slowest sample. */
  readonly query?: Distribution | undefined;
  /** By number; absent in runs without vehicles. */
  readonly vehicles?: readonly VehicleTally[] | undefined;
  /** Absent for a closed loop above one outstanding. */
  readonly jitter?: Jitter | undefined;
  /** The good answers' response time (closed loop: service time) in time order; absent for fewer than 100. */
  readonly blocks?: Blocks | undefined;
  /** Age of information over the window; open loop only. */
  readonly age?: Distribution | undefined;
  /** Absent where the requests in flight were not counted. */
  readonly inFlight?: InFlightTally | undefined;
  readonly stalls?: Stalls | undefined;
  readonly clock: "one" | "several";
  readonly stageRequests: number;
  readonly stages: Readonly<Partial<Record<Stage, Distribution>>>;
  /** Of a server that tells sums only: its stages as means over these requests; `stages` does not have them. */
  readonly serverMeans?: ServerMeans | undefined;
  /** Service time of the requests that the stages are made of. */
  readonly stageService: Distribution;
  /** The slowest of them. */
  readonly tail?: TailSums | undefined;
  /** Open loop only. */
  readonly generatorShare?: GeneratorShare | undefined;
  readonly unaccounted?: Distribution | undefined;
  readonly residual?: Distribution | undefined;
  /** Sums over good answers. */
  readonly requestPayloadBytes: number;
  readonly responsePayloadBytes: number;
  readonly costs: ProcessCosts;
  /** What crossed the links; absent for `local` and where it was not counted. */
  readonly wire?: WireBytes | undefined;
}
