import { monotonicClock } from "../../core/clock.ts";
import { createPacer } from "../../load/pacer.ts";
import { runCell } from "../run-cell.ts";
import type { RunOutcome } from "../run-outcome.ts";
import { type OwnCost, type Points, pointsOf } from "./calibration-result.ts";
import type { CalibrationSettings, CellOf } from "./calibration-settings.ts";

export interface OwnCostOptions {
  readonly quick: boolean;
  readonly signal: AbortSignal;
  onProgress(line: string): void;
  readonly cellOf: CellOf;
}

const RATE_PER_SEC = 1_000;
const CLOCK_READS = 200_000;
const WAITS = { full: 400, quick: 40 };

/** What the harness costs where there is nothing to measure, and how well it keeps time. `undefined`: it could not be run. */
export async function measureOwnCost(options: OwnCostOptions): Promise<OwnCost | undefined> {
  const { quick, onProgress } = options;
  const common = { transport: ["local"], model: ["null"], duration: quick ? 500 : 3_000 } as const;
  onProgress("local: the harness's own time and CPU");
  const closed = await runOne(options, { ...common, scenario: ["closed-loop"] });
  const open = await runOne(options, { ...common, scenario: ["open-loop"], rate: [RATE_PER_SEC] });
  if (closed?.record === undefined || open?.record === undefined) return undefined;
  onProgress("clock and timers");
  const { doneNs, startNs } = closed.record.columns;
  const serviceNs = doneNs.map((done, row) => done - (startNs[row] ?? Number.NaN));
  const waits = quick ? WAITS.quick : WAITS.full;
  return {
    timePerRequestMs: pointsOf(serviceNs).p50Ms,
    cpuPerRequestMs: cpuPerRequest(closed),
    openLoopCpuPerRequestMs: cpuPerRequest(open),
    ...readClock(),
    pacerLateness: await pacerLateness(waits),
    timerLateness: await timerLateness(waits),
  };
}

async function runOne(
  { cellOf, signal }: OwnCostOptions,
  settings: CalibrationSettings,
): Promise<RunOutcome | undefined> {
  const { spec, cell } = await cellOf(settings);
  const outcome = await runCell({ spec, cell, repetition: 0, signal, onPhase() {} });
  return outcome.failure === undefined ? outcome : undefined;
}

/** Of all the generator's threads; what it spun while it waited is waiting and not cost. */
function cpuPerRequest({ record, costs }: RunOutcome): number {
  const { cpuMs = Number.NaN, spinMs = 0 } = costs.client ?? {};
  return (cpuMs - spinMs) / (record?.rows ?? 0);
}

/** The smallest step between two reads that differ, and what a read takes. */
export function readClock(nowNs: () => number = monotonicClock.nowNs): {
  readonly clockStepNs: number;
  readonly clockReadNs: number;
} {
  let smallest = Number.POSITIVE_INFINITY;
  const first = nowNs();
  let last = first;
  for (let read = 0; read < CLOCK_READS; read += 1) {
    const now = nowNs();
    if (now > last) smallest = Math.min(smallest, now - last);
    last = now;
  }
  return { clockStepNs: smallest, clockReadNs: (last - first) / CLOCK_READS };
}

async function pacerLateness(waits: number): Promise<Points> {
  let offsetNs = 0;
  const offsetsNs = Float64Array.from({ length: waits }, (_, wait) => {
    offsetNs += gapNs(wait);
    return offsetNs;
  });
  const pacer = await createPacer(offsetsNs);
  const beginNs = monotonicClock.nowNs();
  pacer.begin(beginNs);
  const lateNs: number[] = [];
  for (const offset of offsetsNs) {
    const momentNs = beginNs + offset;
    await new Promise<void>((resolve) => pacer.alarm(momentNs, resolve));
    lateNs.push(monotonicClock.nowNs() - momentNs);
  }
  await pacer.close();
  return pointsOf(lateNs);
}

async function timerLateness(waits: number): Promise<Points> {
  const lateNs: number[] = [];
  for (let wait = 0; wait < waits; wait += 1) {
    const delayMs = Math.round(gapNs(wait) / 1e6);
    const momentNs = monotonicClock.nowNs() + delayMs * 1e6;
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    lateNs.push(Math.max(0, monotonicClock.nowNs() - momentNs));
  }
  return pointsOf(lateNs);
}

/** 1 to 10 ms, in turn. */
function gapNs(wait: number): number {
  return (1 + (wait % 10)) * 1e6;
}
