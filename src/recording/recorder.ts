import { messageOf, TransportError } from "../core/errors.ts";
import type { ServerTiming } from "../core/parameters.ts";
import { type FailureStatus, statusCode } from "../core/status.ts";
import type { Marks } from "../core/transport.ts";
import { COLUMNS, type Columns, type FailureCount, type RunRecord } from "./run-record.ts";

/** Counted while the run goes on, for progress. */
export interface RunCounts {
  requests: number;
  ok: number;
  failed: number;
  timedOut: number;
  dropped: number;
}

/** What only the loop knows about its run. */
export type RunFrame = Pick<
  RunRecord,
  "idPrefix" | "windowStartNs" | "windowEndNs" | "timeoutMs" | "concurrency" | "aborted"
>;

/**
 * Takes one request after the other through `scheduled` → `started` → … → `answered`, `failed` or `dropped`. Writes
 * into preallocated columns: beyond the capacity it grows by a block now and then, never by the request.
 */
export interface Recorder {
  readonly counts: Readonly<RunCounts>;
  /** A new row. Returns its sequence number, from 0. */
  scheduled(frame: number, intendedNs: number): number;
  /** The in-flight limit was reached: the request was not sent. */
  dropped(seq: number): void;
  started(seq: number, client: number, startNs: number): void;
  /** Client pre-processing ended; not called where there is none. */
  preprocessed(seq: number, preprocessedNs: number): void;
  /** The transport's marks, for failures too. */
  travelled(seq: number, marks: Marks): void;
  /** The server's stage durations and marks. */
  timed(seq: number, timing: ServerTiming): void;
  /** The answer was decoded, and post-processing by the client begins; not called where there is none. */
  decoded(seq: number, decodedNs: number): void;
  answered(seq: number, doneNs: number): void;
  /** @param reason - anything that was thrown; becomes a `TransportError` of INTERNAL where it is none. */
  failed(seq: number, reason: unknown, doneNs: number): void;
  /** Marks of a request that was given up: when `receivedNs` is set by the end of the run, its answer was late. */
  watchLate(marks: Marks): void;
  /** The record of all rows. The recorder is not to be used any more. */
  finish(frame: RunFrame): RunRecord;
}

const BLOCK_ROWS = 4096;
const BLOCK_BITS = 12;
const BLOCK_MASK = BLOCK_ROWS - 1;

export interface RecorderOptions {
  /** Rows preallocated (rounded up to whole blocks). @default 4096 */
  readonly capacity?: number | undefined;
  /** The generator's `clockId()`: marks of a server compare with ours when its clock has the same name. */
  readonly clockId: string;
}

export function createRecorder({ capacity = BLOCK_ROWS, clockId }: RecorderOptions): Recorder {
  const blocks: Columns[] = [];
  while (blocks.length * BLOCK_ROWS < capacity) blocks.push(createColumns(BLOCK_ROWS, Number.NaN));
  const counts: RunCounts = { requests: 0, ok: 0, failed: 0, timedOut: 0, dropped: 0 };
  const failures = new Map<FailureStatus, { count: number; readonly firstMessage: string }>();
  const watched: Marks[] = [];
  const blockOf = (seq: number): Columns => blocks[seq >>> BLOCK_BITS]!;

  return {
    counts,
    scheduled(frame, intendedNs) {
      const seq = counts.requests;
      counts.requests += 1;
      const at = seq & BLOCK_MASK;
      if (at === 0 && seq >>> BLOCK_BITS === blocks.length)
        blocks.push(createColumns(BLOCK_ROWS, Number.NaN));
      const block = blockOf(seq);
      block.frame[at] = frame;
      block.intendedNs[at] = intendedNs;
      block.dropped[at] = 0;
      return seq;
    },
    dropped(seq) {
      blockOf(seq).dropped[seq & BLOCK_MASK] = 1;
      counts.dropped += 1;
    },
    started(seq, client, startNs) {
      const block = blockOf(seq);
      block.client[seq & BLOCK_MASK] = client;
      block.startNs[seq & BLOCK_MASK] = startNs;
    },
    preprocessed(seq, preprocessedNs) {
      blockOf(seq).preprocessedNs[seq & BLOCK_MASK] = preprocessedNs;
    },
    travelled(seq, marks) {
      const block = blockOf(seq);
      const at = seq & BLOCK_MASK;
      block.sentNs[at] = marks.sentNs === 0 ? Number.NaN : marks.sentNs;
      block.receivedNs[at] = marks.receivedNs === 0 ? Number.NaN : marks.receivedNs;
      block.requestPayloadBytes[at] = marks.requestPayloadBytes;
      block.responsePayloadBytes[at] = marks.responsePayloadBytes;
    },
    timed(seq, timing) {
      const block = blockOf(seq);
      const at = seq & BLOCK_MASK;
      block.serverInNs[at] = timing.inNs;
      block.serverOutNs[at] = timing.outNs;
      block.decodeNs[at] = timing.decodeNs;
      block.queueNs[at] = timing.queueNs ?? Number.NaN;
      block.preprocessNs[at] = timing.preprocessNs ?? Number.NaN;
      block.inferNs[at] = timing.inferNs ?? Number.NaN;
      block.postprocessNs[at] = timing.postprocessNs ?? Number.NaN;
      block.encodeNs[at] = timing.encodeNs;
      block.sameClock[at] = timing.clockId === clockId ? 1 : 0;
    },
    decoded(seq, decodedNs) {
      blockOf(seq).decodedNs[seq & BLOCK_MASK] = decodedNs;
    },
    answered(seq, doneNs) {
      const block = blockOf(seq);
      block.doneNs[seq & BLOCK_MASK] = doneNs;
      block.status[seq & BLOCK_MASK] = 0;
      counts.ok += 1;
    },
    failed(seq, reason, doneNs) {
      const { status } = TransportError.from(reason, "INTERNAL");
      const block = blockOf(seq);
      block.doneNs[seq & BLOCK_MASK] = doneNs;
      block.status[seq & BLOCK_MASK] = statusCode(status);
      if (status === "DEADLINE_EXCEEDED") counts.timedOut += 1;
      else counts.failed += 1;
      const known = failures.get(status);
      if (known === undefined) failures.set(status, { count: 1, firstMessage: messageOf(reason) });
      else known.count += 1;
    },
    watchLate(marks) {
      watched.push(marks);
    },
    finish(frame) {
      const rows = counts.requests;
      return {
        ...frame,
        rows,
        columns: joinBlocks(blocks, rows),
        lateAnswers: watched.filter(({ receivedNs }) => receivedNs > 0).length,
        failures: [...failures].map(([status, failure]): FailureCount => ({ status, ...failure })),
      };
    },
  };
}

/** Arrays of `rows` elements for every column. Filled when made, so that a row writes only what it has. */
function createColumns(rows: number, value: number): Columns {
  const filled = COLUMNS.map((column) => [column, new Float64Array(rows).fill(value)] as const);
  return Object.fromEntries(filled) as unknown as Columns;
}

function joinBlocks(blocks: readonly Columns[], rows: number): Columns {
  const columns = createColumns(rows, 0);
  for (let first = 0; first < rows; first += BLOCK_ROWS) {
    const block = blocks[first >>> BLOCK_BITS]!;
    for (const column of COLUMNS) {
      columns[column].set(block[column].subarray(0, Math.min(BLOCK_ROWS, rows - first)), first);
    }
  }
  return columns;
}
