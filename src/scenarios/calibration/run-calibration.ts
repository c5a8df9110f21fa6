import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BenchError } from "../../core/errors.ts";
import type { TransportName } from "../../core/transport.ts";
import { planCells } from "../bench-plan.ts";
import type { BenchSpec } from "../bench-spec.ts";
import { runCell } from "../run-cell.ts";
import { checkBytes } from "./byte-check.ts";
import { type CalibrationCase, calibrationCases } from "./calibration-cases.ts";
import { type Calibration, type CaseResult, ERROR_BOUND_MS } from "./calibration-result.ts";
import type { CalibrationSettings, CellOf } from "./calibration-settings.ts";
import { judgeCase, unjudged } from "./judge-case.ts";
import { measureOwnCost } from "./own-cost.ts";

export interface CalibrationOptions {
  readonly transports: readonly TransportName[];
  readonly quick: boolean;
  readonly seed: number;
  /** Whose calibration it is. */
  readonly machine: string;
  /** Puts settings and the defaults of every bench together. */
  specOf(settings: CalibrationSettings): BenchSpec;
  readonly signal: AbortSignal;
  /** What is done next, one line. */
  onProgress(line: string): void;
}

/** More than are ever outstanding in a case: none waits for a connection instead of in the server's queue. */
const CONNECTIONS = 64;

/**
 * Holds the instrument against what is known: every case on every transport, in processes of their own as in a bench; then its own
 * cost, and its bytes. Ends early when the signal is aborted, with what there is by then.
 *
 * @throws {BenchError} for what is wrong before the first request.
 */
export async function runCalibration(options: CalibrationOptions): Promise<Calibration> {
  const { transports, quick, seed, machine, signal, onProgress } = options;
  const folder = await mkdtemp(join(tmpdir(), "wirebench-calibrate-"));
  const cellOf: CellOf = async (settings) => {
    const spec = options.specOf(settings);
    const [cell] = (await planCells(spec, { signal, onProgress })).cells;
    if (cell === undefined) throw new BenchError("ERR_USAGE", "the calibration makes no cell");
    return { spec, cell };
  };
  try {
    const ranAt = new Date().toISOString();
    const cases: CaseResult[] = [];
    for (const transport of transports) {
      for (const one of calibrationCases({ seed, quick })) {
        if (signal.aborted) break;
        onProgress(`${transport}: ${one.what}`);
        cases.push(await runCase(one, { transport, folder, cellOf, signal }));
      }
    }
    const rest = { quick, signal, onProgress, cellOf };
    const own = signal.aborted ? undefined : await measureOwnCost(rest);
    const bytes = signal.aborted ? [] : await checkBytes(transports, rest);
    const passed =
      cases.length > 0 &&
      !signal.aborted &&
      cases.every(({ failure, error }) => failure === undefined && error.p99Ms <= ERROR_BOUND_MS);
    return { ranAt, machine, quick, seed, boundMs: ERROR_BOUND_MS, passed, cases, own, bytes };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface CaseContext {
  readonly transport: TransportName;
  /** For the schedule's file. */
  readonly folder: string;
  readonly cellOf: CellOf;
  readonly signal: AbortSignal;
}

async function runCase(
  { name, what, model, offsetsNs, delaysUs, idle }: CalibrationCase,
  { transport, folder, cellOf, signal }: CaseContext,
): Promise<CaseResult> {
  const schedule = join(folder, `${name}.txt`);
  await writeFile(schedule, `${Array.from(offsetsNs, seconds).join("\n")}\n`);
  const { spec, cell } = await cellOf({
    transport: [transport],
    model: [model],
    scenario: ["open-loop"],
    schedule,
    connections: CONNECTIONS,
  });
  const outcome = await runCell({ spec, cell, repetition: 0, delaysUs, signal, onPhase() {} });
  const judged =
    outcome.record === undefined || outcome.failure !== undefined
      ? unjudged(outcome.failure ?? "nothing was recorded")
      : judgeCase(outcome.record, idle);
  return { transport, name, what, ...judged, generatorWaitMs: outcome.costs.client?.runQueueWaitMs };
}

function seconds(ns: number): string {
  const digits = String(Math.round(ns)).padStart(10, "0");
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`;
}
