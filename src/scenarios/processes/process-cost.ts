import { monitorEventLoopDelay } from "node:perf_hooks";
import type { ProcessCost } from "../../recording/process-costs.ts";

export interface CostMeter {
  /** Begins a window. */
  begin(): void;
  /** What was spent since `begin`; the event loop's delay is measured in steps of 1 ms, which are taken off. */
  end(): ProcessCost;
}

const RESOLUTION_MS = 1;

/** Meters this process: all its threads' CPU, this thread's event loop. */
export function createCostMeter(): CostMeter {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  let from = process.cpuUsage();
  return {
    begin() {
      delay.enable();
      delay.reset();
      from = process.cpuUsage();
    },
    end() {
      const { user, system } = process.cpuUsage(from);
      delay.disable();
      return {
        cpuMs: (user + system) / 1_000,
        peakRssMb: (process.resourceUsage().maxRSS * 1_024) / 1e6,
        eventLoopDelayP99Ms: delay.count === 0 ? 0 : Math.max(0, delay.percentile(99) / 1e6 - RESOLUTION_MS),
      };
    },
  };
}
