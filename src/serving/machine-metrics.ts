import { cpus, freemem, totalmem } from "node:os";
import { Gauge, type Registry } from "prom-client";

/** Shorter spans are too coarse in the kernel's ticks (10 ms), and two scrapers must not cut each other's. */
const SHORTEST_SPAN_MS = 500;

/**
 * What Triton tells about the machine, by its names: the share of all cores' time that was used since the last scrape
 * (half a second at least), and the memory. Each of several processes on the machine tells the same.
 */
export function addMachineMetrics(registry: Registry): void {
  const registers = [registry];
  let last = cpuTimes();
  new Gauge({
    name: "nv_cpu_utilization",
    help: "CPU utilization rate [0.0 - 1.0] since the last scrape",
    registers,
    aggregator: "max",
    collect() {
      const now = cpuTimes();
      const total = now.total - last.total;
      if (total < SHORTEST_SPAN_MS * now.cores) return;
      this.set((now.busy - last.busy) / total);
      last = now;
    },
  });
  new Gauge({
    name: "nv_cpu_memory_total_bytes",
    help: "CPU total memory (RAM), in bytes",
    registers,
    aggregator: "first",
    collect() {
      this.set(totalmem());
    },
  });
  new Gauge({
    name: "nv_cpu_memory_used_bytes",
    help: "CPU used memory (RAM), in bytes",
    registers,
    aggregator: "first",
    collect() {
      this.set(totalmem() - freemem());
    },
  });
}

/** Of all cores together, since boot, milliseconds. */
function cpuTimes(): { readonly cores: number; readonly busy: number; readonly total: number } {
  let busy = 0;
  let total = 0;
  const all = cpus();
  for (const { times } of all) {
    const used = times.user + times.nice + times.sys + times.irq;
    busy += used;
    total += used + times.idle;
  }
  return { cores: all.length, busy, total };
}
