import { describe, expect, it } from "vitest";
import { readCgroupLimits } from "../../../../src/scenarios/machine/cgroup-limits.ts";
import { madeMachine } from "./made-machine.ts";

const limits = (files: Readonly<Record<string, string>>) => readCgroupLimits(madeMachine({}, files));
const NONE = { cpus: undefined, memoryBytes: undefined };

describe("version 2", () => {
  it("takes the tightest limit on the way up", () => {
    expect(
      limits({
        "/proc/self/cgroup": "0::/a/b",
        "/sys/fs/cgroup/a/b/cpu.max": "max 100000",
        "/sys/fs/cgroup/a/cpu.max": "250000 100000",
        "/sys/fs/cgroup/a/b/memory.max": "max",
        "/sys/fs/cgroup/a/memory.max": "1000000",
      }),
    ).toEqual({ cpus: 2.5, memoryBytes: 1_000_000 });
  });

  it("finds a container's own root where the group's path is the host's", () => {
    expect(limits({ "/proc/self/cgroup": "0::/../x", "/sys/fs/cgroup/cpu.max": "50000 100000" })).toEqual({
      cpus: 0.5,
      memoryBytes: undefined,
    });
  });
});

describe("version 1", () => {
  it("reads quota and memory of the group", () => {
    expect(
      limits({
        "/proc/self/cgroup": "4:memory:/m\n2:cpu,cpuacct:/c\n0::/",
        "/sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_quota_us": "150000",
        "/sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_period_us": "100000",
        "/sys/fs/cgroup/memory/m/memory.limit_in_bytes": "2000000",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
      }),
    ).toEqual({ cpus: 1.5, memoryBytes: 2_000_000 });
  });

  it("knows its signs of no limit", () => {
    expect(
      limits({
        "/proc/self/cgroup": "4:memory:/\n2:cpu:/",
        "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
        "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
      }),
    ).toEqual(NONE);
  });
});

it("is without limits where there are no groups", () => {
  expect(limits({})).toEqual(NONE);
});
