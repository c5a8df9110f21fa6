import { idOfRow } from "../recording/run-record.ts";
import { createLanes } from "./lanes.ts";
import type { RecordedRun } from "./recorded-run.ts";
import { requestSlices, type Slice, TRACED_PROCESSES, type TracedProcess } from "./request-slices.ts";

/**
 * An event of the Chrome trace format: begin and end of a slice, an instant, a name. `ts` is microseconds from the start of the
 * run's measurement window. Slices are pairs of B and E and not X with a duration: readers cut times to whole nanoseconds, and
 * a begin and a length that are cut apart make neighbours overlap.
 * @see https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
 */
export interface TraceEvent {
  readonly ph: "B" | "E" | "i" | "M";
  readonly ts: number;
  /** The run and which of its processes. */
  readonly pid: number;
  /** The lane, from 1; 0 for arrivals that were not sent. */
  readonly tid: number;
  readonly name?: string;
  readonly cat?: string;
  /** Of an instant: it belongs to its lane. */
  readonly s?: "t";
  readonly args?: Readonly<Record<string, string | number>>;
}

const PIDS_PER_RUN = 10;
const DROPPED_LANE = 0;

export interface TraceOptions {
  /** From 0: which run of the bench. */
  readonly index: number;
  /** Only the first so many requests. */
  readonly requests: number;
}

/**
 * The events of one run: a process each for client, broker and server, and in each of them under the same number a lane for each
 * request in flight; lanes are used again. Events of a lane are in the order of time.
 */
export function* traceEvents(run: RecordedRun, { index, requests }: TraceOptions): Generator<TraceEvent> {
  const { record, cell, repetition } = run;
  const { columns, windowStartNs } = record;
  const lanes = createLanes();
  const used = new Map<TracedProcess, Set<number>>();
  const pidOf = (process: TracedProcess): number =>
    (index + 1) * PIDS_PER_RUN + TRACED_PROCESSES.indexOf(process);
  for (let row = 0; row < Math.min(record.rows, requests); row += 1) {
    if (columns.dropped[row] === 1) {
      use("client", DROPPED_LANE);
      yield {
        ph: "i",
        s: "t",
        ts: microseconds((columns.intendedNs[row] ?? 0) - windowStartNs),
        pid: pidOf("client"),
        tid: DROPPED_LANE,
        name: "dropped",
        cat: "client",
        args: { id: idOfRow(record, row), frame: columns.frame[row] ?? 0 },
      };
      continue;
    }
    const slices = requestSlices(record, row);
    const [whole] = slices.client ?? [];
    if (whole === undefined) continue;
    const tid = 1 + lanes.take(whole.beginNs, whole.endNs);
    for (const process of TRACED_PROCESSES) {
      for (const slice of slices[process] ?? []) {
        use(process, tid);
        yield* sliceEvents(slice, { pid: pidOf(process), tid, cat: process });
      }
    }
  }
  for (const [process, tids] of used) {
    const pid = pidOf(process);
    yield named("process_name", { pid, tid: 0 }, { name: `${process}: ${cell} #${repetition}` });
    yield named("process_sort_index", { pid, tid: 0 }, { sort_index: pid });
    for (const tid of tids) {
      const name = tid === DROPPED_LANE ? "not sent" : `in flight ${tid}`;
      yield named("thread_name", { pid, tid }, { name });
      yield named("thread_sort_index", { pid, tid }, { sort_index: tid });
    }
  }

  function use(process: TracedProcess, tid: number): void {
    const lanesOfProcess = used.get(process) ?? new Set();
    used.set(process, lanesOfProcess.add(tid));
  }
}

function* sliceEvents(
  { name, beginNs, endNs, within, args }: Slice,
  lane: { readonly pid: number; readonly tid: number; readonly cat: string },
): Generator<TraceEvent> {
  const { pid, tid, cat } = lane;
  yield {
    ph: "B",
    ts: microseconds(beginNs),
    pid,
    tid,
    name,
    cat,
    ...(args === undefined ? {} : { args }),
  };
  for (const slice of within) yield* sliceEvents(slice, lane);
  yield { ph: "E", ts: microseconds(endNs), pid, tid };
}

function named(
  name: string,
  lane: { readonly pid: number; readonly tid: number },
  args: Readonly<Record<string, string | number>>,
): TraceEvent {
  return { ph: "M", ts: 0, ...lane, name, args };
}

function microseconds(ns: number): number {
  return Math.round(ns) / 1e3;
}
