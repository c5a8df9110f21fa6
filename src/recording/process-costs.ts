import type { TcpPayload } from "./wire-bytes.ts";

/** What one process used in one run, over the measurement window. */
export interface ProcessCost {
  /** User and system time of all its threads, milliseconds. */
  readonly cpuMs: number;
  /** Largest resident memory, MB (10^6 bytes). */
  readonly peakRssMb: number;
  /** 99th percentile of the event loop's delay on the sockets' thread, milliseconds. */
  readonly eventLoopDelayP99Ms?: number | undefined;
  /** Share of the window in which the sockets' thread was busy, 0 to 1, its own spinning taken out. */
  readonly eventLoopUtilization?: number | undefined;
  /** Time that the sockets' thread was ready to run and waited for a core, milliseconds (the kernel's schedstat). */
  readonly runQueueWaitMs?: number | undefined;
  /** Time that the generator spun for a start, milliseconds; 0 for other processes. */
  readonly spinMs?: number | undefined;
  /** Over the connections that it opened itself. */
  readonly tcp?: TcpPayload | undefined;
}

export const PROCESS_ROLES = ["client", "server", "broker"] as const;
export type ProcessRole = (typeof PROCESS_ROLES)[number];

/** A role is absent where there is no such process or it is not ours to look into. */
export type ProcessCosts = Readonly<Partial<Record<ProcessRole, ProcessCost>>>;

/** Costs of a cell, per request where they add up, the largest where they do not. */
export interface RequestCost {
  readonly cpuMsPerRequest?: number | undefined;
  readonly peakRssMb: number;
  readonly eventLoopDelayP99Ms?: number | undefined;
  readonly eventLoopUtilization?: number | undefined;
  /** Of all runs together. */
  readonly runQueueWaitMs?: number | undefined;
  readonly spinMs?: number | undefined;
}

/**
 * One role's costs over several runs.
 * @param runs - each with the requests that were sent in it.
 */
export function requestCost(
  role: ProcessRole,
  runs: readonly { readonly sent: number; readonly costs: ProcessCosts }[],
): RequestCost | undefined {
  const known = runs.flatMap(({ sent, costs }) => {
    const cost = costs[role];
    return cost === undefined ? [] : [{ sent, ...cost }];
  });
  if (known.length === 0) return undefined;
  const sent = known.reduce((sum, run) => sum + run.sent, 0);
  const largest = (values: readonly number[]): number | undefined =>
    values.length > 0 ? Math.max(...values) : undefined;
  const sum = (values: readonly number[]): number | undefined =>
    values.length > 0 ? values.reduce((total, value) => total + value, 0) : undefined;
  return {
    cpuMsPerRequest: sent > 0 ? known.reduce((sum, run) => sum + run.cpuMs, 0) / sent : undefined,
    peakRssMb: Math.max(...known.map((run) => run.peakRssMb)),
    eventLoopDelayP99Ms: largest(known.flatMap((run) => run.eventLoopDelayP99Ms ?? [])),
    eventLoopUtilization: largest(known.flatMap((run) => run.eventLoopUtilization ?? [])),
    runQueueWaitMs: sum(known.flatMap((run) => run.runQueueWaitMs ?? [])),
    spinMs: sum(known.flatMap((run) => run.spinMs ?? [])),
  };
}
