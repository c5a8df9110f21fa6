import { type CellKey, cellName } from "../../core/cell.ts";
import { BenchError } from "../../core/errors.ts";
import { type CellResult, cellResult, type RunResult } from "../../recording/cell-result.ts";
import { assessRate, type RateAssessment } from "../../recording/peak/assess-rate.ts";
import { requestsForInterval, requestsForObjective } from "../../recording/peak/objective.ts";
import { confirmationPoint, type PeakPoint, probePoint } from "../../recording/peak/peak-result.ts";
import type { BenchSpec } from "../bench-spec.ts";
import type { Cell } from "../cell.ts";
import { runCell } from "../run-cell.ts";
import { judgeBasis, toRunResult } from "../run-result.ts";
import { assessConfirmation } from "./assess-confirmation.ts";
import { type PeakSpec, probeLengthMs } from "./peak-spec.ts";
import type { Trial } from "./search-peak.ts";

/** The runs that one cell's search makes, each in new processes. Every method throws the signal's reason when aborted. */
export interface CellTrials {
  /** Throughput of a short closed loop. @throws {BenchError} ERR_PROCESS when it answers nothing: why. */
  estimate(): Promise<number>;
  probe(kind: "search" | "curve", ratePerSec: number): Promise<Trial>;
  confirm(ratePerSec: number): Promise<Trial>;
  /** The cell of the last full run. */
  confirmation(): CellResult | undefined;
  executionProvider(): string;
}

export interface CellTrialsOptions {
  readonly spec: PeakSpec;
  readonly cell: Cell;
  /** File of the reference answers. */
  readonly reference: string | undefined;
  /** File in which the answers of a server elsewhere are kept from run to run; absent: there is a reference, or no need of one. */
  readonly learned: string | undefined;
  readonly signal: AbortSignal;
  /** A rate was measured. */
  onPoint(point: PeakPoint): Promise<void>;
}

/** Outstanding requests of the estimate: enough to keep a server with a queue busy. */
const ESTIMATE_CONCURRENCY = 4;
const ESTIMATE_MS = 1_000;
const ESTIMATE_REQUESTS = 8;
/** Of a probe: a median of fewer is mostly chance. */
const LEAST_REQUESTS = 20;
/** Probes have schedules of their own, unlike those of the confirmation's repetitions. */
const FIRST_PROBE = 1_000;

export function createCellTrials(options: CellTrialsOptions): CellTrials {
  const { spec, cell, reference, learned, signal, onPoint } = options;
  const { objective, bench } = spec;
  const { vehicles = 1 } = cell.key;
  const requests = Math.max(LEAST_REQUESTS, requestsForObjective(objective));
  const full = requestsForInterval(objective);
  let probes = 0;
  let executionProvider = "";
  let confirmed: CellResult | undefined;

  const run = async (key: CellKey, settings: Partial<BenchSpec>, repetition: number): Promise<RunResult> => {
    const startedAt = new Date().toISOString();
    const runSpec: BenchSpec = { ...bench, ...settings };
    const runOf: Cell = { ...cell, key, name: cellName(key) };
    const outcome = await runCell({
      spec: runSpec,
      cell: runOf,
      repetition,
      reference,
      learned,
      signal,
      onPhase() {},
    });
    if (signal.aborted) throw signal.reason;
    executionProvider ||= outcome.core?.executionProvider ?? "";
    return toRunResult(outcome, { spec: runSpec, cell: runOf, repetition, startedAt });
  };
  const { lossless } = judgeBasis(bench, cell);
  const assess = (result: RunResult): RateAssessment =>
    assessRate(objective, { ...result, tallies: [result.tally], lossless });

  return {
    executionProvider: () => executionProvider,
    confirmation: () => confirmed,
    async estimate() {
      // Each generator has its share.
      const outstanding = Math.max(ESTIMATE_CONCURRENCY, bench.generators);
      const closed: CellKey = {
        ...cell.key,
        scenario: "closed-loop",
        concurrency: outstanding,
        arrivals: undefined,
        ratePerSec: undefined,
        whenBusy: undefined,
        vehicles: undefined,
        connections: typeof cell.key.connections === "string" ? outstanding : cell.key.connections,
      };
      const length = { durationMs: ESTIMATE_MS, requests: Math.max(ESTIMATE_REQUESTS, bench.generators) };
      const { figures, reasons } = await run(closed, length, FIRST_PROBE - 1);
      const { throughputPerSec = 0 } = figures;
      if (throughputPerSec > 0) return throughputPerSec;
      throw new BenchError("ERR_PROCESS", reasons.join(" ") || "The cell answered no request.");
    },
    async probe(kind, ratePerSec) {
      const durationMs = probeLengthMs(spec.probeDurationMs, ratePerSec * vehicles, requests);
      const repetition = FIRST_PROBE + probes;
      probes += 1;
      const result = await run({ ...cell.key, ratePerSec }, { durationMs, requests: undefined }, repetition);
      const assessment = assess(result);
      await onPoint(probePoint(kind, ratePerSec, { run: result, assessment }));
      return trial(assessment, result.figures.requests, result.failure !== undefined);
    },
    async confirm(ratePerSec) {
      const key: CellKey = { ...cell.key, ratePerSec };
      const settings: Partial<BenchSpec> =
        bench.durationMs === undefined
          ? {}
          : { durationMs: probeLengthMs(bench.durationMs, ratePerSec * vehicles, full / bench.repetitions) };
      const runs: RunResult[] = [];
      for (let repetition = 0; repetition < bench.repetitions; repetition += 1) {
        runs.push(await run(key, settings, repetition));
      }
      const facts = { name: cellName(key), key, executionProvider, runs };
      confirmed = cellResult(facts, judgeBasis(bench, { ...cell, key }));
      const assessed = assessConfirmation(objective, confirmed, lossless);
      await onPoint(confirmationPoint(ratePerSec, { cell: confirmed, ...assessed }));
      const isBroken = runs.every(({ failure }) => failure !== undefined);
      return trial(assessed.assessment, confirmed.figures.requests, isBroken);
    },
  };
}

/**
 * A cell whose answers differ, or that cannot even be started, is not searched any further; a run in which the schedule had no
 * arrival says nothing.
 */
function trial({ held, borderline, cause }: RateAssessment, requests: number, isBroken: boolean): Trial {
  const isEmpty = cause === "failed" && requests === 0;
  return {
    held,
    borderline,
    unjudged: cause === "generator" || cause === "instrument" || (isEmpty && !isBroken),
    hopeless: cause === "answers" || (isEmpty && isBroken),
  };
}
