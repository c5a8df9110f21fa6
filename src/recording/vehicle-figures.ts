import { type Distribution, distributionOf, mergeDistributions } from "./distribution.ts";
import { durationFigures, type FiguresDetail } from "./duration-figures.ts";
import type { RunRecord } from "./run-record.ts";

/** One vehicle's requests in one run. Plain data; merges with other runs'. */
export interface VehicleTally {
  /** Every scheduled request; what failed or was dropped is infinite. */
  readonly response: Distribution;
  /** Good answers within the window. */
  readonly completed: number;
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
  { columns, rows, windowEndNs }: RunRecord,
  response: Float64Array,
): readonly VehicleTally[] | undefined {
  const { vehicle, status, doneNs } = columns;
  let fleet = 0;
  for (let row = 0; row < rows; row += 1) if (vehicle[row]! >= fleet) fleet = vehicle[row]! + 1;
  if (fleet === 0) return undefined;
  const own = Array.from({ length: fleet }, (): number[] => []);
  const completed = new Uint32Array(fleet);
  for (let row = 0; row < rows; row += 1) {
    const index = vehicle[row]!;
    own[index]?.push(response[row]!);
    if (status[row] === 0 && doneNs[row]! <= windowEndNs) completed[index] = completed[index]! + 1;
  }
  return own.map((values, index) => ({
    response: distributionOf(Float64Array.from(values)),
    completed: completed[index]!,
  }));
}

/** Puts the runs of a cell together, vehicle by vehicle. @param windowSec - of all runs. */
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
    return {
      requests: times.count + times.unanswered,
      throughputPerSec: windowSec > 0 ? count / windowSec : undefined,
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
