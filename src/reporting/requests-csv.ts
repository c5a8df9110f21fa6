import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createGzip } from "node:zlib";
import { stringify } from "csv-stringify/sync";
import { STAGES } from "../core/stage.ts";
import { statusOf } from "../core/status.ts";
import { type Column, idOfRow } from "../recording/run-record.ts";
import { stageTimes } from "../recording/stages.ts";
import type { RecordedRun } from "./recorded-run.ts";

/** Marks in the order in which a request passes them; nanoseconds from the start of the measurement window. */
const MARKS: readonly (readonly [name: string, column: Column])[] = [
  ["intended_ns", "intendedNs"],
  ["start_ns", "startNs"],
  ["preprocessed_ns", "preprocessedNs"],
  ["sent_ns", "sentNs"],
  ["broker_request_in_ns", "brokerRequestInNs"],
  ["broker_request_out_ns", "brokerRequestOutNs"],
  ["server_in_ns", "serverInNs"],
  ["server_out_ns", "serverOutNs"],
  ["broker_response_in_ns", "brokerResponseInNs"],
  ["broker_response_out_ns", "brokerResponseOutNs"],
  ["received_ns", "receivedNs"],
  ["decoded_ns", "decodedNs"],
  ["done_ns", "doneNs"],
];

/** The header of `requests.csv.gz`. An empty cell means that there is no such mark or stage. */
export const REQUEST_COLUMNS: readonly string[] = [
  "cell",
  "repetition",
  "seq",
  "id",
  "generator",
  "client",
  "vehicle",
  "frame",
  "status",
  ...MARKS.map(([name]) => name),
  "response_ns",
  "service_ns",
  "send_lateness_ns",
  ...STAGES.map((stage) => `stage_${stage}_ns`),
  "unaccounted_ns",
  "transport_residual_ns",
  "request_payload_bytes",
  "response_payload_bytes",
];

/** Rows that are turned into text at a time. */
const BATCH_ROWS = 512;

/**
 * The rows of one run's requests, in the order of intended times. `status` is one of gRPC's names, `DROPPED`, or empty for
 * a request that was out when the run was broken off. A server's marks are there where it shares the generator's clock.
 */
export function* requestRows(run: RecordedRun): Generator<readonly string[]> {
  const { cell, repetition, record } = run;
  const { columns, rows, windowStartNs, origin } = record;
  const { status, dropped, frame, client, vehicle, intendedNs, startNs, doneNs, sameClock } = columns;
  const { requestPayloadBytes, responsePayloadBytes } = columns;
  const marks = MARKS.map(([, column]) => ({ column, values: columns[column] }));
  const times = stageTimes(record, run.retrieveNs);
  const stages = STAGES.map((stage) => times.stages.get(stage));
  for (let row = 0; row < rows; row += 1) {
    const ok = status[row] === 0;
    yield [
      cell,
      String(repetition),
      String(row),
      idOfRow(record, row),
      String(origin?.generator[row] ?? 0),
      number(client[row]),
      number(vehicle[row]),
      number(frame[row]),
      dropped[row] === 1 ? "DROPPED" : Number.isNaN(status[row]) ? "" : statusOf(status[row] ?? 0),
      ...marks.map(({ column, values }) =>
        column.startsWith("server") && sameClock[row] !== 1 ? "" : mark(values[row], windowStartNs),
      ),
      ok ? difference(doneNs[row], intendedNs[row]) : "",
      ok ? difference(doneNs[row], startNs[row]) : "",
      difference(startNs[row], intendedNs[row]),
      ...stages.map((values) => number(values?.[row])),
      number(times.unaccountedNs?.[row]),
      number(times.residualNs?.[row]),
      number(requestPayloadBytes[row]),
      number(responsePayloadBytes[row]),
    ];
  }
}

/**
 * Appends a run's requests to a `requests.csv.gz`, the header first when the file is new. Each run is a gzip member of its own: the file
 * is whole after every run, and gzip, Python and R read the members as one.
 *
 * @param first - whether it is the file's first run.
 * @throws what the file system throws.
 */
export async function appendRequests(path: string, run: RecordedRun, first: boolean): Promise<void> {
  await pipeline(
    Readable.from(batches(run, first)),
    // The next run waits for this one to be written: speed counts for more than size.
    createGzip({ level: constants.Z_BEST_SPEED }),
    createWriteStream(path, { flags: first ? "w" : "a" }),
  );
}

function* batches(run: RecordedRun, header: boolean): Generator<string> {
  let batch: (readonly string[])[] = header ? [REQUEST_COLUMNS] : [];
  for (const row of requestRows(run)) {
    batch.push(row);
    if (batch.length < BATCH_ROWS) continue;
    yield stringify(batch);
    batch = [];
  }
  if (batch.length > 0) yield stringify(batch);
}

function number(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? "" : String(value);
}

/** A broker's recorder writes 0 for what did not happen. */
function mark(value: number | undefined, startNs: number): string {
  return value === undefined || value === 0 ? "" : number(value - startNs);
}

function difference(value: number | undefined, from: number | undefined): string {
  return value === undefined || from === undefined ? "" : number(value - from);
}
