import type { FailureStatus } from "../../core/status.ts";
import type { ServeLimits } from "../../core/transport.ts";
import type { ModelControl } from "./serving-gate.ts";

/** What a server that stays has beyond one that is started for a measurement. */
export interface ServingSpec {
  /** Its number among the processes that share the ports, from 1. */
  readonly worker: number;
  readonly modelControl: ModelControl;
  /** Whether it tells its requests for the log. */
  readonly logsRequests: boolean;
  /** How long requests in flight may take when it ends. */
  readonly drainTimeoutMs: number;
  readonly limits: ServeLimits;
}

/** Notice of a process: commands reach it from now on (nothing). */
export const OBEYS_NOTICE = "obeys";
/** Notice of a process: lines for the request log (text). */
export const LOG_NOTICE = "log";
/** Notice of a process: somebody asked it to load or unload a model ({@link ModelOrder}). */
export const MODEL_NOTICE = "model";

/** Notice of a process: somebody asked it for the metrics of all (the number of the question). */
export const METRICS_NOTICE = "metrics";

/** Notice of a process: what of a model's configuration it passes over (a line), whenever it loads the model. */
export const NOTE_NOTICE = "note";

/** Asked of one process, carried out in all. */
export interface ModelOrder {
  /** Of the process that was asked. */
  readonly number: number;
  readonly action: "load" | "unload";
  readonly modelName: string;
}

/** What became of a {@link ModelOrder}; without `failure` it was carried out. */
export interface ModelOutcome {
  readonly failure?: { readonly status: FailureStatus; readonly message: string } | undefined;
}
