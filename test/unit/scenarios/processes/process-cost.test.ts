import { performance } from "node:perf_hooks";
import { expect, test, vi } from "vitest";
import { createCostMeter } from "../../../../src/scenarios/processes/process-cost.ts";

/** Keeps this thread busy until its own CPU time has grown by so much. */
function burnCpuMs(wantedMs: number): void {
  const from = process.cpuUsage();
  for (;;) {
    const { user, system } = process.cpuUsage(from);
    if (user + system >= wantedMs * 1000) return;
  }
}

test("a thread that is busy all the time has a utilisation near 1, less what it says it spun", () => {
  const meter = createCostMeter();
  meter.begin();
  burnCpuMs(40);
  const cost = meter.end();
  expect(cost.cpuMs).toBeGreaterThanOrEqual(40);
  expect(cost.eventLoopUtilization).toBeGreaterThan(0.9);
  expect(cost.eventLoopUtilization).toBeLessThanOrEqual(1);
  expect(cost.spinMs).toBe(0);
  meter.begin();
  burnCpuMs(40);
  const spun = meter.end(1e9);
  expect(spun.eventLoopUtilization).toBe(0);
  expect(spun.spinMs).toBe(1e9);
});

test("the wait for a core is told where the kernel tells it, and is never negative", () => {
  const meter = createCostMeter();
  meter.begin();
  burnCpuMs(5);
  const { runQueueWaitMs } = meter.end();
  if (runQueueWaitMs === undefined) return;
  expect(runQueueWaitMs).toBeGreaterThanOrEqual(0);
});

test("the busy share is that of the schedule, not of the idle drain after it", () => {
  const meter = createCostMeter();
  const loop = vi.spyOn(performance, "eventLoopUtilization");
  try {
    meter.begin();
    loop.mockReturnValue({ active: 100, idle: 0, utilization: 1 });
    meter.scheduleOver(10);
    loop.mockReturnValue({ active: 110, idle: 990, utilization: 0.1 });
    expect(meter.end(10).eventLoopUtilization).toBe(0.9);
    meter.begin();
    expect(meter.end().eventLoopUtilization).toBe(0.1);
  } finally {
    loop.mockRestore();
  }
});
