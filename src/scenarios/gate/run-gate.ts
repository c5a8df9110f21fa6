import { join } from "node:path";
import type { Calibration } from "../calibration/calibration-result.ts";
import { saveCalibration } from "../calibration/calibration-store.ts";
import { runBenchProcess } from "./bench-process.ts";

/** One side, ready to run. */
export interface GateSide {
  /** Its built `main.js`. */
  readonly cli: string;
  /** What only this side's bench is told, e.g. its `--url`. */
  readonly args: readonly string[];
}

export interface GatePlan {
  readonly base: GateSide;
  readonly head: GateSide;
  /** Options of `bench` for both, without `--repetitions`, `--seed` and `--out`. */
  readonly args: readonly string[];
  /** Of the first pair; the next ones count up. Both runs of a pair have the same schedule and order of cells. */
  readonly seed: number;
  /** Blocks at most. */
  readonly blocks: number;
  /** Each run gets a folder inside it. */
  readonly out: string;
  /** Of this machine; its copy lies in each run's folder, where benches of every version look for it. */
  readonly calibration?: Calibration | undefined;
  readonly cwd: string;
}

/** Where a run stands in the gate. */
export interface GatePosition {
  /** From 1. */
  readonly block: number;
  /** From 1 to 4. */
  readonly position: number;
  readonly side: "base" | "head";
  /** From 0; two pairs in a row make a block. */
  readonly pair: number;
}

export interface GateEvents {
  /** A run is about to begin. */
  started(position: GatePosition): void;
  /** A run is over; its results lie in `folder`. */
  finished(position: GatePosition, folder: string, startedAt: string): Promise<void>;
  /** After each block but the last: whether another one is wanted. */
  wantsMore(block: number): boolean;
}

const SEEDS = 2 ** 32;

/** A B B A: a steady drift of the machine weighs on both sides alike. Pairs are the first two and the last two. */
const BLOCK = [
  { side: "base", pair: 0 },
  { side: "head", pair: 0 },
  { side: "head", pair: 1 },
  { side: "base", pair: 1 },
] as const;

/** The runs of so many blocks, in their order. */
export function gateOrder(blocks: number): readonly GatePosition[] {
  return Array.from({ length: blocks }, (_, block) =>
    BLOCK.map(({ side, pair }, at) => ({ block: block + 1, position: at + 1, side, pair: 2 * block + pair })),
  ).flat();
}

/**
 * Runs both sides by turns, one bench of one repetition each, every one in fresh processes.
 * @throws what a run throws, and the signal's reason; runs that are over have been reported.
 */
export async function runGate(plan: GatePlan, events: GateEvents, signal: AbortSignal): Promise<void> {
  const order = gateOrder(plan.blocks);
  for (const [index, position] of order.entries()) {
    signal.throwIfAborted();
    if (position.position === 1 && position.block > 1 && !events.wantsMore(position.block - 1)) return;
    events.started(position);
    const startedAt = new Date().toISOString();
    const side = plan[position.side];
    const out = join(plan.out, `${String(index + 1).padStart(3, "0")}-${position.side}`);
    if (plan.calibration !== undefined) await saveCalibration(out, plan.calibration);
    const folder = await runBenchProcess({
      side: position.side,
      cli: side.cli,
      args: [
        ...plan.args,
        ...side.args,
        "--repetitions",
        "1",
        "--seed",
        String((plan.seed + position.pair) % SEEDS),
      ],
      out,
      cwd: plan.cwd,
      signal,
    });
    await events.finished(position, folder, startedAt);
  }
}
