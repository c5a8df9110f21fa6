import path from "node:path";
import type { Machine } from "./machine.ts";

/** What the control groups of this process allow; `undefined` where nothing limits it. */
export interface CgroupLimits {
  /** Processors' worth of time, a fraction. */
  readonly cpus: number | undefined;
  readonly memoryBytes: number | undefined;
}

const ROOT = "/sys/fs/cgroup";
/** Version 1 writes a number near 2^63 where there is no limit. */
const NO_LIMIT_BYTES = 2 ** 60;

/**
 * Reads the limits of versions 1 and 2, the tightest of the process's own group and those above it: Node's
 * `availableParallelism` knows affinity but no quota.
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html
 */
export function readCgroupLimits(machine: Machine): CgroupLimits {
  const cpus: number[] = [];
  const memory: number[] = [];
  for (const line of machine.readText("/proc/self/cgroup")?.split("\n") ?? []) {
    const [, controllers = "", group = "/"] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    const names = controllers.split(",");
    const bases = controllers === "" ? [ROOT, `${ROOT}/unified`] : [`${ROOT}/${controllers}`];
    for (const folder of bases.flatMap((base) => foldersUp(base, group))) {
      const read = (file: string): string | undefined => machine.readText(path.join(folder, file));
      if (controllers === "") {
        const [quota, period] = (read("cpu.max") ?? "").split(/\s+/).map(Number);
        cpus.push((quota ?? Number.NaN) / (period ?? Number.NaN));
        memory.push(Number(read("memory.max") ?? Number.NaN));
      }
      if (names.includes("cpu")) {
        const quota = Number(read("cpu.cfs_quota_us") ?? Number.NaN);
        if (quota > 0) cpus.push(quota / Number(read("cpu.cfs_period_us") ?? Number.NaN));
      }
      if (names.includes("memory")) memory.push(Number(read("memory.limit_in_bytes") ?? Number.NaN));
    }
  }
  return {
    cpus: least(cpus),
    memoryBytes: least(memory.filter((bytes) => bytes < NO_LIMIT_BYTES)),
  };
}

/** A group's folder and those above it; within a container the group's own path may not be there, its root is. */
function foldersUp(base: string, group: string): readonly string[] {
  const parts = group.split("/").filter((part) => part !== "" && part !== "..");
  return Array.from({ length: parts.length + 1 }, (_, more) =>
    path.join(base, ...parts.slice(0, parts.length - more)),
  );
}

function least(values: readonly number[]): number | undefined {
  const real = values.filter((value) => Number.isFinite(value) && value > 0);
  return real.length === 0 ? undefined : Math.min(...real);
}
