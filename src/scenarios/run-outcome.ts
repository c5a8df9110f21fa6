import type { WarmUpResult } from "../recording/cell-result.ts";
import type { GpuUsage } from "../recording/gpu-usage.ts";
import type { ProcessCosts } from "../recording/process-costs.ts";
import type { RunRecord } from "../recording/run-record.ts";
import type { ServerMeans } from "../recording/run-tally.ts";
import type { LinkBytes, WireBytes } from "../recording/wire-bytes.ts";
import type { AnswerTally } from "./answers.ts";
import type { CoreFacts } from "./processes/commands.ts";

/** What one repetition of a cell gave. */
export interface RunOutcome {
  /** Why the run could not go to its end, one line; absent: it did. */
  readonly failure?: string | undefined;
  /** When the window began, ISO 8601, UTC; absent when the run failed before. */
  readonly windowStartedAt?: string | undefined;
  /** Absent when the run failed before its first request. */
  readonly record?: RunRecord | undefined;
  readonly answers: AnswerTally;
  readonly costs: ProcessCosts;
  /** Absent without a GPU to sample. */
  readonly gpu?: GpuUsage | undefined;
  /** Per frame, nanoseconds. */
  readonly retrieveNs: readonly number[];
  /** Of the serving core, where the bench started it. */
  readonly core?: CoreFacts | undefined;
  readonly warmup?: WarmUpResult | undefined;
  /** What the counters of a server elsewhere grew by; absent where it has none. */
  readonly serverMeans?: ServerMeans | undefined;
  /** What crossed the links; absent for `local`. */
  readonly wire?: WireBytes | undefined;
  /** Payload that the kernel counted over the generators' connections; absent where it does not tell. */
  readonly kernelBytes?: LinkBytes | undefined;
  /** What the processes said about themselves. */
  readonly notes: readonly string[];
}
