import type { Environment } from "../environment.ts";
import { readCgroupLimits } from "./cgroup-limits.ts";
import { type Finding, finding } from "./finding.ts";
import type { Machine } from "./machine.ts";

/** Clocks that are read without a system call; the others cost up to microseconds a reading. */
const FAST_CLOCKS = new Set(["tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter"]);
const MIB = 2 ** 20;
/** What the default bench's processes take together, with room. */
const LEAST_MEMORY_MIB = 1_024;
const ROOMY_MEMORY_MIB = 4_096;
/** Docker's default, too little for programs that share frames there. */
const SMALL_SHM_BYTES = 64 * MIB;

/** Processors, memory and the clock, with the limits that a container puts on them. */
export function probeProcessor(machine: Machine, environment: Environment): readonly Finding[] {
  const limits = readCgroupLimits(machine);
  return [
    probeCores(environment, limits.cpus),
    probeLoad(machine, environment),
    ...probeGovernor(machine),
    probeMemory(environment, limits.memoryBytes),
    probeShm(machine),
    probeClock(environment),
  ];
}

function probeCores({ cpus, cpuModel }: Environment, quota: number | undefined): Finding {
  const usable = Math.min(cpus, quota ?? cpus);
  const limited =
    quota === undefined
      ? "no cgroup limit"
      : `the cgroup allows ${quota.toFixed(2).replace(/\.?0+$/, "")} of them`;
  const found = `${cpus} (${cpuModel || "unknown model"}), ${limited}`;
  if (quota !== undefined && quota < cpus) {
    return finding("cores", "Cores", found, {
      state: "note",
      advice: `threads are throttled beyond it: set --threads ${Math.max(1, Math.floor(quota))}, or lift the limit`,
    });
  }
  if (usable >= 4) return finding("cores", "Cores", found);
  return finding("cores", "Cores", found, {
    state: "note",
    advice: "server, generator and broker share them: absolute times are worse than with 4 or more",
  });
}

function probeLoad({ load1 }: Machine, { cpus }: Environment): Finding {
  const found = `${load1.toFixed(2)} on ${cpus} cores`;
  if (load1 < Math.max(0.5, cpus / 4)) return finding("load", "Load, last minute", found);
  return finding("load", "Load, last minute", found, {
    state: "note",
    advice: "other programs are running: end them before you measure",
  });
}

function probeGovernor(machine: Machine): readonly Finding[] {
  const governor = machine.readText("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  if (governor === undefined) return [];
  const name = "Frequency governor";
  if (governor === "performance") return [finding("governor", name, governor)];
  const advice = "clock rates may change while you measure: cpupower frequency-set -g performance";
  return [finding("governor", name, governor, { state: "note", advice })];
}

function probeMemory({ memoryMb }: Environment, limitBytes: number | undefined): Finding {
  const limitMib = limitBytes === undefined ? undefined : Math.floor(limitBytes / MIB);
  const usable = Math.min(memoryMb, limitMib ?? memoryMb);
  const limited =
    limitMib === undefined || limitMib >= memoryMb
      ? "no cgroup limit below it"
      : `the cgroup allows ${limitMib} MiB`;
  const found = `${memoryMb} MiB, ${limited}`;
  if (usable < LEAST_MEMORY_MIB) {
    return finding("memory", "Memory", found, {
      state: "problem",
      advice: `the default bench needs ${LEAST_MEMORY_MIB} MiB`,
    });
  }
  if (usable >= ROOMY_MEMORY_MIB) return finding("memory", "Memory", found);
  return finding("memory", "Memory", found, {
    state: "note",
    advice: `2048x1024 logits with several requests outstanding need ${ROOMY_MEMORY_MIB} MiB`,
  });
}

function probeShm(machine: Machine): Finding {
  const shm = machine.fileSystem("/dev/shm");
  const advice = "only for programs that share memory: docker run --shm-size=1g, or mount a tmpfs there";
  if (shm === undefined) return finding("shm", "/dev/shm", "none", { state: "note", advice });
  const found = `${Math.round(shm.sizeBytes / MIB)} MiB, ${Math.round(shm.freeBytes / MIB)} MiB free`;
  return finding(
    "shm",
    "/dev/shm",
    found,
    shm.freeBytes > SMALL_SHM_BYTES ? undefined : { state: "note", advice },
  );
}

function probeClock({ clockSource }: Environment): Finding {
  if (clockSource === "") return finding("clock", "Clock source", "unknown (no Linux clock source)");
  if (FAST_CLOCKS.has(clockSource)) return finding("clock", "Clock source", clockSource);
  return finding("clock", "Clock source", clockSource, {
    state: "note",
    advice: "reading it is slow, and every mark reads it: use tsc or the hypervisor's own clock",
  });
}
