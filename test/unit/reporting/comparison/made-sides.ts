import { type CellKey, cellName } from "../../../../src/core/cell.ts";
import { createRandom, type Random } from "../../../../src/core/random.ts";
import type { CellRun, SideRun } from "../../../../src/reporting/comparison/side-runs.ts";

const TRANSPORTS = ["local", "http", "grpc", "mqtt"] as const;

/** The key of the n-th cell; the first four are the transports, then come higher concurrencies. */
export function madeKey(index: number): CellKey {
  return {
    transport: TRANSPORTS[index % TRANSPORTS.length] ?? "http",
    encoding: "binary",
    placement: "server",
    model: "m1-small",
    device: "cpu",
    input: "street.bag",
    scenario: "closed-loop",
    concurrency: 1 + Math.floor(index / TRANSPORTS.length),
    connections: 1,
    tls: "off",
    compression: "off",
    tuning: "tuned",
    link: "loopback",
    target: "managed",
  };
}

/** One cell in one run. */
export function madeCellRun(index: number, p50Ms: number, more: Partial<CellRun> = {}): CellRun {
  return {
    key: madeKey(index),
    verdict: "VALID",
    reasons: [],
    answers: { check: "identical", agreementPercent: 100, digest: "aa" },
    requests: 400,
    lost: 0,
    values: { p50: { ms: p50Ms, censored: false } },
    ...more,
  };
}

/** A run of one cell for each value. */
export function madeRun(p50sMs: readonly number[], more: Partial<CellRun> = {}): SideRun {
  return {
    cells: Object.fromEntries(
      p50sMs.map((ms, index) => [cellName(madeKey(index)), madeCellRun(index, ms, more)]),
    ),
  };
}

export function normalOf(random: Random): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random.fraction())) * Math.cos(2 * Math.PI * random.fraction());
}

export interface Simulation {
  readonly seed: number;
  /** Pairs. */
  readonly runs: number;
  readonly cells: number;
  /** Standard deviation of a run's log p50. */
  readonly noise: number;
  /** Standard deviation of what all runs of a block share. */
  readonly blockNoise?: number;
  /** head ÷ base. */
  readonly ratio?: number;
}

/** Endless simulated comparisons of two sides in blocks of two pairs. */
export function simulator({ seed, runs, cells, noise, blockNoise = 0, ratio = 1 }: Simulation): () => {
  readonly base: readonly SideRun[];
  readonly head: readonly SideRun[];
} {
  const normal = normalOf(createRandom(seed));
  return () => {
    const sides: { base: SideRun[]; head: SideRun[] } = { base: [], head: [] };
    let shared = 0;
    for (let run = 0; run < runs; run += 1) {
      if (run % 2 === 0) shared = blockNoise * normal();
      const draw = (factor: number): SideRun =>
        madeRun(
          Array.from(
            { length: cells },
            (_, cell) => 10 * (cell + 1) * factor * Math.exp(shared + noise * normal()),
          ),
        );
      sides.base.push(draw(1));
      sides.head.push(draw(ratio));
    }
    return sides;
  };
}
