import { STAGES, type Stage } from "../core/stage.ts";
import type { Columns, RunRecord } from "./run-record.ts";

/** Where a request's service time went, over the answered requests that tell it; nanoseconds, NaN for other rows. */
export interface StageTimes {
  /** Whether uplink and downlink are measured: every answer carried marks of the generator's own clock. */
  readonly clock: "one" | "several";
  /** Rows that the stages are made of. */
  readonly requests: number;
  /** Stages that exist in this run. */
  readonly stages: ReadonlyMap<Stage, Float64Array>;
  /** Service time of the same rows. */
  readonly serviceNs: Float64Array;
  /** Service time less all stages; one clock only. */
  readonly unaccountedNs?: Float64Array | undefined;
  /** (received − sent) − (server out − server in): several clocks, where the server sends its marks. */
  readonly residualNs?: Float64Array | undefined;
}

/** With fewer of the answers told apart at the broker, uplink and downlink stay whole. */
export const BROKER_COVERAGE = 0.95;

/**
 * The stages of every answered request. With the broker's marks uplink and downlink are split at it; rows that lack
 * marks which the others have are left out of all stages, so that their means add up over the same rows.
 *
 * @param retrieveNs - per frame index: what getting it before the run took.
 */
export function stageTimes(record: RunRecord, retrieveNs?: ArrayLike<number>): StageTimes {
  const { columns, rows } = record;
  let ok = 0;
  let timed = 0;
  let sameClock = 0;
  let brokered = 0;
  for (let row = 0; row < rows; row += 1) {
    if (columns.status[row] !== 0) continue;
    ok += 1;
    if (!Number.isNaN(columns.serverInNs[row]!)) timed += 1;
    if (columns.sameClock[row] === 1) sameClock += 1;
    if (hasBroker(columns, row)) brokered += 1;
  }
  const oneClock = ok > 0 && sameClock === ok;
  const split = oneClock && brokered >= ok * BROKER_COVERAGE;
  const included = (row: number): boolean => columns.status[row] === 0 && (!split || hasBroker(columns, row));

  const stages = new Map<Stage, Float64Array>();
  const formulas = stageFormulas(columns, { oneClock, split, retrieveNs });
  for (const stage of STAGES) {
    const formula = formulas[stage];
    if (formula === undefined) continue;
    const values = perRow(rows, included, formula);
    if (values.some((value) => !Number.isNaN(value))) stages.set(stage, values);
  }
  const serviceNs = perRow(rows, included, (row) => columns.doneNs[row]! - columns.startNs[row]!);
  const accounted = [...stages].filter(([stage]) => stage !== "retrieve").map(([, values]) => values);
  return {
    clock: oneClock ? "one" : "several",
    requests: split ? brokered : ok,
    stages,
    serviceNs,
    unaccountedNs: oneClock
      ? perRow(rows, included, (row) => {
          let rest = serviceNs[row]!;
          for (const values of accounted) rest -= Number.isNaN(values[row]!) ? 0 : values[row]!;
          return rest;
        })
      : undefined,
    residualNs:
      !oneClock && timed > 0
        ? perRow(rows, included, (row) => {
            const total = columns.serverOutNs[row]! - columns.serverInNs[row]!;
            return columns.receivedNs[row]! - columns.sentNs[row]! - total;
          })
        : undefined,
  };
}

type Formula = (row: number) => number;

interface StageBasis {
  readonly oneClock: boolean;
  readonly split: boolean;
  readonly retrieveNs: ArrayLike<number> | undefined;
}

/** How each stage is made of the marks; absent where it cannot be. */
function stageFormulas(
  columns: Columns,
  { oneClock, split, retrieveNs }: StageBasis,
): Partial<Record<Stage, Formula>> {
  const brokerInbound: Formula = (row) => columns.brokerRequestOutNs[row]! - columns.brokerRequestInNs[row]!;
  const brokerOutbound: Formula = (row) =>
    columns.brokerResponseOutNs[row]! - columns.brokerResponseInNs[row]!;
  return {
    ...(retrieveNs === undefined ? {} : { retrieve: (row) => retrieveNs[columns.frame[row]!] ?? Number.NaN }),
    client_preprocess: (row) => columns.preprocessedNs[row]! - columns.startNs[row]!,
    encode: (row) => columns.sentNs[row]! - either(columns.preprocessedNs[row]!, columns.startNs[row]!),
    ...(oneClock
      ? {
          uplink: (row) => columns.serverInNs[row]! - columns.sentNs[row]! - (split ? brokerInbound(row) : 0),
          downlink: (row) =>
            columns.receivedNs[row]! - columns.serverOutNs[row]! - (split ? brokerOutbound(row) : 0),
        }
      : {}),
    ...(split ? { broker: (row) => brokerInbound(row) + brokerOutbound(row) } : {}),
    server_decode: (row) => columns.decodeNs[row]!,
    queue: (row) => columns.queueNs[row]!,
    server_preprocess: (row) => columns.preprocessNs[row]!,
    infer: (row) => columns.inferNs[row]!,
    server_postprocess: (row) => columns.postprocessNs[row]!,
    server_encode: (row) => columns.encodeNs[row]!,
    client_decode: (row) => either(columns.decodedNs[row]!, columns.doneNs[row]!) - columns.receivedNs[row]!,
    client_postprocess: (row) => columns.doneNs[row]! - columns.decodedNs[row]!,
  };
}

/** Whether the broker or relay told all that it does about a request. */
export function hasBroker(columns: Columns, row: number): boolean {
  const sum =
    columns.brokerRequestInNs[row]! +
    columns.brokerRequestOutNs[row]! +
    columns.brokerResponseInNs[row]! +
    columns.brokerResponseOutNs[row]!;
  return !Number.isNaN(sum);
}

function either(mark: number, otherwise: number): number {
  return Number.isNaN(mark) ? otherwise : mark;
}

function perRow(rows: number, included: (row: number) => boolean, value: Formula): Float64Array {
  const values = new Float64Array(rows);
  for (let row = 0; row < rows; row += 1) values[row] = included(row) ? value(row) : Number.NaN;
  return values;
}
