import { readFileSync } from "node:fs";

/** Monotonic time. Everything that measures or waits takes one, so that tests can drive time. */
export interface Clock {
  /** Nanoseconds of CLOCK_MONOTONIC: one origin for all processes of one boot. Exact below 2^53 ns (104 days). */
  nowNs(): number;
}

export const monotonicClock: Clock = { nowNs: () => Number(process.hrtime.bigint()) };

/**
 * Names the clock that `monotonicClock` reads: marks of two processes compare only when their names are equal.
 * Made of the kernel's boot id and the offset of the process's time namespace; elsewhere than on Linux, of the process.
 */
export function clockId(): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    let offset = "0";
    try {
      const line = readFileSync("/proc/self/timens_offsets", "utf8").match(/^monotonic\s+(-?\d+)\s+(-?\d+)/m);
      if (line !== null) offset = `${line[1]}.${line[2]}`;
    } catch {
      // Kernels without time namespaces have no such file: every process then shares the offset 0.
    }
    return offset === "0" || offset === "0.0" ? boot : `${boot}+${offset}`;
  } catch {
    return `process-${process.pid}`;
  }
}
