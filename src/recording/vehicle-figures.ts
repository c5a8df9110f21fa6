import { type Distribution, distributionOf, mergeDistributions } from "./distribution.ts";
import { durationFigures, type FiguresDetail } from "./duration-figures.ts";
import { recordedWindow } from "./recorded-window.ts";
import type { RunRecord } from "./run-record.ts";

/** One vehicle's requests in one run. Plain data; merges with other runs'. */
export interface VehicleTally {
  /** Every scheduled request; what failed or was dropped is infinite. */
  readonly response: Distribution;
  /** Good answers within the part of the window in which every request has a row. */
  readonly completed: number;
  /** Its length; absent in reports of earlier versions: the whole window. */
  readonly windowNs?: number | undefined;
}

/** What one vehicle got. */
export interface VehicleFigures {
  readonly requests: number;
  readonly throughputPerSec?: number | undefined;
  readonly responseP50Ms?: number | undefined;
  /** Absent for too few requests, and where it is among the unanswered: `censored` then. */
  readonly responseP99Ms?: number | undefined;
  readonly censored: readonly string[];
}

/** How the vehicles of a cell fared, beside each other. */
export interface FleetFigures {
  /** In the order of their numbers. */
  readonly vehicles: readonly VehicleFigures[];
  /**
   * Jain's index of the throughputs: 1 when all have the same, 1/n when one has everything.
   * @see Jain, Chiu, Hawe: A quantitative measure of fairness, DEC-TR-301 (1984)
   */
  readonly jainIndex?: number | undefined;
  /** The largest p99 ÷ the smallest; absent where a vehicle has none. */
  readonly p99MaxOverMin?: number | undefined;
}

/**
 * Counts the vehicles of a run apart. @param response - per row, as in the tally.
 * @returns absent for a run without vehicles.
 */
export function vehicleTallies(
  record: RunRecord,
  response: Float64Array,
): readonly VehicleTally[] | undefined {
  const { columns, rows } = record;
  const { vehicle, status, doneNs } = columns;
  const window = recordedWindow(record);
  let fleet = 0;
  for (let row = 0; row < rows; row += 1) if (vehicle[row]! >= fleet) fleet = vehicle[row]! + 1;
  if (fleet === 0) return undefined;
  const own = Array.from({ length: fleet }, (): number[] => []);
  const completed = new Uint32Array(fleet);
  for (let row = 0; row < rows; row += 1) {
    const index = vehicle[row]!;
    own[index]?.push(response[row]!);
    if (status[row] === 0 && doneNs[row]! <= window.endNs) completed[index] = completed[index]! + 1;
  }
  return own.map((values, index) => ({
    response: distributionOf(Float64Array.from(values)),
    completed: completed[index]!,
    windowNs: window.endNs - window.startNs,
  }));
}

/** Puts the runs of a cell together, vehicle by vehicle. @param windowSec - of all runs, where they do not tell their own. */
export function fleetFigures(
  runs: readonly (readonly VehicleTally[] | undefined)[],
  windowSec: number,
  detail: FiguresDetail,
): FleetFigures | undefined {
  const known = runs.flatMap((run) => (run === undefined ? [] : [run]));
  const fleet = Math.max(0, ...known.map((run) => run.length));
  if (fleet === 0) return undefined;
  const completed = Array.from({ length: fleet }, (_, index) =>
    known.reduce((sum, run) => sum + (run[index]?.completed ?? 0), 0),
  );
  const vehicles = completed.map((count, index): VehicleFigures => {
    const parts = known.flatMap((run) => run[index]?.response ?? []);
    const times = durationFigures(mergeDistributions(parts), detail);
    // A vehicle that no request of a run was of has its window all the same.
    const windows = known.map((run) => (run[index] ?? run[0])?.windowNs ?? Number.NaN);
    const ownSec = windows.reduce((sum, windowNs) => sum + windowNs, 0) / 1e9;
    const overSec = Number.isNaN(ownSec) ? windowSec : ownSec;
    return {
      requests: times.count + times.unanswered,
      throughputPerSec: overSec > 0 ? count / overSec : undefined,
      responseP50Ms: times.p50Ms,
      responseP99Ms: times.p99Ms,
      censored: times.censored.filter((name) => name === "p50" || name === "p99"),
    };
  });
  const p99s = vehicles.flatMap(({ responseP99Ms }) => responseP99Ms ?? []);
  return {
    vehicles,
    jainIndex: jainIndex(completed),
    p99MaxOverMin: p99s.length === fleet ? Math.max(...p99s) / Math.min(...p99s) : undefined,
  };
}

/** (Σx)² / (n·Σx²); `undefined` where all are zero. */
export function jainIndex(shares: readonly number[]): number | undefined {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share ** 2, 0);
  return squares > 0 ? sum ** 2 / (shares.length * squares) : undefined;
}
