import type { FailureStatus } from "../core/status.ts";
import type { UnrecordedRequests } from "./unrecorded.ts";

/**
 * What is kept of each request: one column each. Times are nanoseconds of the generator's clock (`server…` and
 * `broker…` of theirs), durations nanoseconds; NaN means absent.
 */
export const COLUMNS = [
  "frame",
  "client",
  "intendedNs",
  "startNs",
  /** NaN: this cell has no client pre-processing, `encode` begins at `startNs`. */
  "preprocessedNs",
  "sentNs",
  "receivedNs",
  /** NaN: this cell has no client post-processing, `client_decode` ends at `doneNs`. */
  "decodedNs",
  "doneNs",
  "serverInNs",
  "serverOutNs",
  "decodeNs",
  "queueNs",
  "preprocessNs",
  "inferNs",
  "postprocessNs",
  "encodeNs",
  "requestPayloadBytes",
  "responsePayloadBytes",
  /** Index in `STATUSES`; NaN while the request is out and for a dropped one. */
  "status",
  /** 1: an arrival that was not sent because the in-flight limit was reached. */
  "dropped",
  /** 1: the server's marks are of the generator's own clock, 0: of another one. NaN: the server sent none. */
  "sameClock",
  "brokerRequestInNs",
  "brokerRequestOutNs",
  "brokerResponseInNs",
  "brokerResponseOutNs",
  /** Which vehicle sent it, from 0. NaN: the run has no vehicles. */
  "vehicle",
] as const;

export type Column = (typeof COLUMNS)[number];

/**
 * One array per column; the index is the request's sequence number, which is the order of intended times. A column's array
 * is made when it is first asked for: take it out once, not in a loop.
 */
export type Columns = Readonly<Record<Column, Float64Array>>;

/** How often a status came, with the text of its first failure. */
export interface FailureCount {
  readonly status: FailureStatus;
  readonly count: number;
  readonly firstMessage: string;
}

/** Everything recorded in one run. It crosses processes as a `PackedRecord`. */
export interface RunRecord {
  /** Requests that have a row: all of them, up to the recorder's limit. */
  readonly rows: number;
  readonly columns: Columns;
  /** What one row took in the generator's memory. */
  readonly bytesPerRow?: number | undefined;
  /** The requests beyond the limit, counted; absent where every request has a row. */
  readonly unrecorded?: UnrecordedRequests | undefined;
  /** Until when every generator's requests have rows; absent where one generator's last row says it, or all have rows. */
  readonly recordedUntilNs?: number | undefined;
  /** Which generator sent each row; absent where there was one, whose row is its own number. */
  readonly origin?: RowOrigin | undefined;
  /** The id of request `seq` is this followed by the number. */
  readonly idPrefix: string;
  /** The measurement window, marks of the generator's clock. A request belongs to it by its intended time. */
  readonly windowStartNs: number;
  readonly windowEndNs: number;
  /** Milliseconds a request may take; censored percentiles are said to be above it. */
  readonly timeoutMs: number;
  /** Requests outstanding; absent for an open loop. */
  readonly concurrency?: number | undefined;
  /** The signal ended the run: requests it cancelled are not counted. */
  readonly aborted: boolean;
  /** Answers that arrived after their request had been given up. */
  readonly lateAnswers: number;
  /** Answers to requests that had been answered already; absent where the transport brings none twice. */
  readonly duplicateAnswers?: number | undefined;
  readonly failures: readonly FailureCount[];
  /** How many requests were in flight (sent, not ended) at Poisson times of the window, counted when it was so. */
  readonly inFlight?: InFlightSamples | undefined;
}

/** Independent samples for Little's law; equal lengths. */
export interface InFlightSamples {
  /** Marks of the generator's clock, ascending. */
  readonly atNs: Float64Array;
  readonly requests: Float64Array;
}

/** Where the rows of a record come from that was joined of several generators' records. */
export interface RowOrigin {
  /** Of each generator: the id of its request is this followed by the number. */
  readonly idPrefixes: readonly string[];
  /** Per row: the generator, and the request's number there. */
  readonly generator: Uint8Array;
  readonly seq: Uint32Array;
}

/** The id that a row's request had on the wire. */
export function idOfRow({ idPrefix, origin }: Pick<RunRecord, "idPrefix" | "origin">, row: number): string {
  if (origin === undefined) return idPrefix + row;
  return `${origin.idPrefixes[origin.generator[row]!]}${origin.seq[row]}`;
}
