import { readFileSync } from "node:fs";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import type { ProcessCost } from "../../recording/process-costs.ts";
import { createSocketBytes } from "./socket-bytes.ts";

export interface CostMeter {
  /** Begins a window. */
  begin(): void;
  /**
   * The window's schedule is over: the event loop's busy share is taken here, since an idle drain would hide a busy window.
   * Where it is not called, `end` takes it.
   * @param spinMs - as of `end`, so far. @default 0
   */
  scheduleOver(spinMs?: number): void;
  /**
   * What was spent since `begin`; the event loop's delay is measured in steps of 1 ms, which are taken off.
   * @param spinMs - of that, what this thread spun away while it waited for a moment. @default 0
   */
  end(spinMs?: number): ProcessCost;
}

const RESOLUTION_MS = 1;

/** Meters this process: all its threads' CPU, this thread's event loop. */
export function createCostMeter(): CostMeter {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  let from = process.cpuUsage();
  let loopFrom = performance.eventLoopUtilization();
  let waitFrom = runQueueWaitMs();
  const sockets = createSocketBytes();
  let before = sockets.count();
  let busyShare: number | undefined;
  const busySoFar = (spinMs: number): number | undefined => {
    const { active, idle } = performance.eventLoopUtilization(loopFrom);
    return active + idle > 0 ? Math.max(0, active - spinMs) / (active + idle) : undefined;
  };
  return {
    begin() {
      busyShare = undefined;
      delay.enable();
      delay.reset();
      from = process.cpuUsage();
      loopFrom = performance.eventLoopUtilization();
      waitFrom = runQueueWaitMs();
      before = sockets.count();
    },
    scheduleOver(spinMs = 0) {
      busyShare = busySoFar(spinMs);
    },
    end(spinMs = 0) {
      const { user, system } = process.cpuUsage(from);
      delay.disable();
      const waited = runQueueWaitMs();
      const tcp = sockets.count();
      return {
        cpuMs: (user + system) / 1_000,
        tcp: {
          connections: tcp.connections,
          writtenBytes: tcp.writtenBytes - before.writtenBytes,
          readBytes: tcp.readBytes - before.readBytes,
        },
        peakRssMb: (process.resourceUsage().maxRSS * 1_024) / 1e6,
        eventLoopDelayP99Ms: delay.count === 0 ? 0 : Math.max(0, delay.percentile(99) / 1e6 - RESOLUTION_MS),
        eventLoopUtilization: busyShare ?? busySoFar(spinMs),
        runQueueWaitMs:
          waited === undefined || waitFrom === undefined ? undefined : Math.max(0, waited - waitFrom),
        spinMs,
      };
    },
  };
}

/**
 * How long this process's first thread, which has the sockets, has been ready to run without a core; absent where the kernel
 * does not tell (elsewhere than on Linux, or without schedstats).
 * @see https://docs.kernel.org/scheduler/sched-stats.html (/proc/<pid>/schedstat: time on a core, time waiting, ns)
 */
function runQueueWaitMs(): number | undefined {
  try {
    const waitedNs = Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8").split(" ")[1]);
    return Number.isFinite(waitedNs) ? waitedNs / 1e6 : undefined;
  } catch {
    return undefined;
  }
}
