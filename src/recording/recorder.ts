import { messageOf, TransportError } from "../core/errors.ts";
import type { ServerTiming } from "../core/parameters.ts";
import { type FailureStatus, statusCode } from "../core/status.ts";
import type { Marks } from "../core/transport.ts";
import {
  bytesPerRow,
  CHUNK_ROWS,
  type Chunk,
  createChunk,
  createColumn,
  openColumns,
  packChunks,
  writtenColumns,
} from "./column-store.ts";
import type { Column, FailureCount, RunRecord } from "./run-record.ts";
import { createUnrecordedCounter, type UnrecordedCounter } from "./unrecorded.ts";

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
  "idPrefix" | "windowStartNs" | "windowEndNs" | "timeoutMs" | "concurrency" | "aborted" | "inFlight"
>;

/**
 * Takes one request after the other through `scheduled` → `started` → … → `answered`, `failed` or `dropped`. Writes into
 * columns whose memory is there before the run: beyond the capacity they grow by a chunk now and then, without copying what
 * is there; beyond the limit requests are counted and have no row.
 */
export interface Recorder {
  readonly counts: Readonly<RunCounts>;
  /** Columns that were written so far: what the next run of the same cell will write. */
  readonly written: readonly Column[];
  /** A new row. Returns its sequence number, from 0. @param vehicle - from 0; absent in runs without vehicles. */
  scheduled(frame: number, intendedNs: number, vehicle?: number): number;
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

/** Requests of a run that have a row, unless told otherwise: some 210 MB. */
export const MAX_RECORDED = 2_000_000;

/** What a server of ours tells, if nothing else is known. */
const OF_OUR_SERVERS: readonly Column[] = [
  "serverInNs",
  "serverOutNs",
  "decodeNs",
  "queueNs",
  "inferNs",
  "encodeNs",
  "sameClock",
];

/** Requests given up whose answers are waited for; beyond it those that waited longest without one are forgotten. */
const MOST_WATCHED = 65_536;

export interface RecorderOptions {
  /** Rows whose memory is taken, and written to once, at once (rounded up to whole chunks). @default 4096 */
  readonly capacity?: number | undefined;
  /** The generator's `clockId()`: marks of a server compare with ours when its clock has the same name. */
  readonly clockId: string;
  /** Columns that not every cell has and that this one will write. @default what a server of ours tells */
  readonly expected?: readonly Column[] | undefined;
  /** Requests that have a row; those beyond are counted. @default 2,000,000 */
  readonly maxRecorded?: number | undefined;
  /** Milliseconds from the intended time: what goodput counts by, for requests without a row. */
  readonly deadlineMs?: number | undefined;
}

const CHUNK_BITS = Math.log2(CHUNK_ROWS);
const CHUNK_MASK = CHUNK_ROWS - 1;

export function createRecorder(options: RecorderOptions): Recorder {
  const { capacity = CHUNK_ROWS, clockId, expected = OF_OUR_SERVERS, maxRecorded = MAX_RECORDED } = options;
  const chunks: Chunk[] = [];
  while (chunks.length * CHUNK_ROWS < Math.min(capacity, maxRecorded)) chunks.push(createChunk(expected));
  // Most runs never need it, and its histograms take longer to make than a short run.
  let unrecorded: UnrecordedCounter | undefined;
  const beyond = (): UnrecordedCounter => (unrecorded ??= createUnrecordedCounter(options.deadlineMs));
  const counts: RunCounts = { requests: 0, ok: 0, failed: 0, timedOut: 0, dropped: 0 };
  const failures = new Map<FailureStatus, { count: number; readonly firstMessage: string }>();
  const late = createLateWatch();
  const chunkOf = (seq: number): Chunk => chunks[seq >>> CHUNK_BITS]!;

  return {
    counts,
    get written() {
      return writtenColumns(chunks).filter((column) =>
        chunks.some((chunk) => chunk[column]?.some(isPresent) === true),
      );
    },
    scheduled(frame, intendedNs, vehicle) {
      const seq = counts.requests;
      counts.requests += 1;
      if (seq >= maxRecorded) {
        beyond().scheduled(seq, intendedNs);
        return seq;
      }
      const at = seq & CHUNK_MASK;
      if (at === 0 && seq >>> CHUNK_BITS === chunks.length) chunks.push(createChunk(expected));
      const chunk = chunkOf(seq);
      chunk.frame![at] = frame;
      chunk.intendedNs![at] = intendedNs;
      chunk.dropped![at] = 0;
      if (vehicle !== undefined) {
        chunk.vehicle ??= createColumn("vehicle");
        chunk.vehicle[at] = vehicle;
      }
      return seq;
    },
    dropped(seq) {
      counts.dropped += 1;
      if (seq >= maxRecorded) beyond().dropped(seq);
      else chunkOf(seq).dropped![seq & CHUNK_MASK] = 1;
    },
    started(seq, client, startNs) {
      if (seq >= maxRecorded) {
        beyond().started(seq, startNs);
        return;
      }
      const chunk = chunkOf(seq);
      chunk.client![seq & CHUNK_MASK] = client;
      chunk.startNs![seq & CHUNK_MASK] = startNs;
    },
    preprocessed(seq, preprocessedNs) {
      if (seq >= maxRecorded) return;
      const chunk = chunkOf(seq);
      chunk.preprocessedNs ??= createColumn("preprocessedNs");
      chunk.preprocessedNs[seq & CHUNK_MASK] = preprocessedNs;
    },
    travelled(seq, marks) {
      if (seq >= maxRecorded) {
        beyond().travelled(seq, marks);
        return;
      }
      const chunk = chunkOf(seq);
      const at = seq & CHUNK_MASK;
      if (marks.sentNs !== 0) chunk.sentNs![at] = marks.sentNs;
      if (marks.receivedNs !== 0) chunk.receivedNs![at] = marks.receivedNs;
      chunk.requestPayloadBytes![at] = marks.requestPayloadBytes;
      chunk.responsePayloadBytes![at] = marks.responsePayloadBytes;
    },
    timed(seq, timing) {
      if (seq >= maxRecorded) return;
      const chunk = chunkOf(seq);
      const at = seq & CHUNK_MASK;
      chunk.serverInNs ??= createColumn("serverInNs");
      chunk.serverOutNs ??= createColumn("serverOutNs");
      chunk.decodeNs ??= createColumn("decodeNs");
      chunk.encodeNs ??= createColumn("encodeNs");
      chunk.sameClock ??= createColumn("sameClock");
      chunk.serverInNs[at] = timing.inNs;
      chunk.serverOutNs[at] = timing.outNs;
      chunk.decodeNs[at] = timing.decodeNs;
      chunk.encodeNs[at] = timing.encodeNs;
      chunk.sameClock[at] = timing.clockId === clockId ? 1 : 0;
      if (timing.queueNs !== undefined) {
        chunk.queueNs ??= createColumn("queueNs");
        chunk.queueNs[at] = timing.queueNs;
      }
      if (timing.preprocessNs !== undefined) {
        chunk.preprocessNs ??= createColumn("preprocessNs");
        chunk.preprocessNs[at] = timing.preprocessNs;
      }
      if (timing.inferNs !== undefined) {
        chunk.inferNs ??= createColumn("inferNs");
        chunk.inferNs[at] = timing.inferNs;
      }
      if (timing.postprocessNs !== undefined) {
        chunk.postprocessNs ??= createColumn("postprocessNs");
        chunk.postprocessNs[at] = timing.postprocessNs;
      }
    },
    decoded(seq, decodedNs) {
      if (seq >= maxRecorded) return;
      const chunk = chunkOf(seq);
      chunk.decodedNs ??= createColumn("decodedNs");
      chunk.decodedNs[seq & CHUNK_MASK] = decodedNs;
    },
    answered(seq, doneNs) {
      counts.ok += 1;
      if (seq >= maxRecorded) {
        beyond().answered(seq, doneNs);
        return;
      }
      const chunk = chunkOf(seq);
      chunk.doneNs![seq & CHUNK_MASK] = doneNs;
      chunk.status![seq & CHUNK_MASK] = 0;
    },
    failed(seq, reason, doneNs) {
      const { status } = TransportError.from(reason, "INTERNAL");
      if (seq >= maxRecorded) {
        beyond().failed(seq, statusCode(status));
      } else {
        const chunk = chunkOf(seq);
        chunk.doneNs![seq & CHUNK_MASK] = doneNs;
        chunk.status![seq & CHUNK_MASK] = statusCode(status);
      }
      if (status === "DEADLINE_EXCEEDED") counts.timedOut += 1;
      else counts.failed += 1;
      const known = failures.get(status);
      if (known === undefined) failures.set(status, { count: 1, firstMessage: messageOf(reason) });
      else known.count += 1;
    },
    watchLate: late.watch,
    finish(frame) {
      const rows = Math.min(counts.requests, maxRecorded);
      const rest = unrecorded?.result(frame);
      return {
        ...frame,
        rows,
        columns: openColumns(packChunks(chunks, rows), rows),
        bytesPerRow: bytesPerRow(writtenColumns(chunks)),
        ...(rest === undefined ? {} : { unrecorded: rest }),
        lateAnswers: late.count(),
        failures: [...failures].map(([status, failure]): FailureCount => ({ status, ...failure })),
      };
    },
  };
}

/** Whether a number of a column was written: the largest whole number, or NaN, says that it was not. */
function isPresent(value: number, _at: number, column: { readonly BYTES_PER_ELEMENT: number }): boolean {
  return column.BYTES_PER_ELEMENT === 8
    ? !Number.isNaN(value)
    : value !== 2 ** (8 * column.BYTES_PER_ELEMENT) - 1;
}

function createLateWatch(): { watch(marks: Marks): void; count(): number } {
  let watched: Marks[] = [];
  let arrived = 0;
  const sweep = (): void => {
    arrived += watched.filter(({ receivedNs }) => receivedNs > 0).length;
    watched = watched.filter(({ receivedNs }) => receivedNs === 0);
  };
  return {
    watch(marks) {
      watched.push(marks);
      if (watched.length < MOST_WATCHED) return;
      sweep();
      watched = watched.slice(-MOST_WATCHED / 2);
    },
    count() {
      sweep();
      return arrived;
    },
  };
}
