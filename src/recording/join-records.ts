import { joinFailures } from "./join-failures.ts";
import { recordedUntil } from "./recorded-window.ts";
import { COLUMNS, type Columns, type InFlightSamples, type RunRecord } from "./run-record.ts";
import { joinUnrecorded } from "./unrecorded.ts";

/**
 * Puts together what several generators recorded of one run, in the order of intended times, so that every figure is what
 * one generator would have given. Each record's broker marks must be in it already. Clients are numbered through.
 *
 * @param records - of generators on one clock, with one window; at least one.
 * @param clients - per record: its connections.
 */
export function joinRecords(records: readonly RunRecord[], clients: readonly number[]): RunRecord {
  const [first] = records;
  if (first === undefined) throw new RangeError("expected at least one record");
  if (records.length === 1) return first;
  const order = orderOf(records);
  const concurrency = records.reduce((sum, record) => sum + (record.concurrency ?? 0), 0);
  const unrecorded = joinUnrecorded(records.flatMap((record) => record.unrecorded ?? []));
  const duplicates = records.flatMap(({ duplicateAnswers }) => duplicateAnswers ?? []);
  const cut = records.filter((record) => record.unrecorded !== undefined);
  return {
    ...first,
    rows: order.generator.length,
    columns: joinColumns(records, clients, order),
    origin: { idPrefixes: records.map(({ idPrefix }) => idPrefix), ...order },
    ...(unrecorded === undefined ? {} : { unrecorded, recordedUntilNs: Math.min(...cut.map(recordedUntil)) }),
    windowStartNs: Math.min(...records.map(({ windowStartNs }) => windowStartNs)),
    windowEndNs: Math.max(...records.map(({ windowEndNs }) => windowEndNs)),
    ...(first.concurrency === undefined ? {} : { concurrency }),
    aborted: records.some(({ aborted }) => aborted),
    lateAnswers: records.reduce((sum, { lateAnswers }) => sum + lateAnswers, 0),
    ...(duplicates.length === 0
      ? {}
      : { duplicateAnswers: duplicates.reduce((sum, count) => sum + count, 0) }),
    failures: joinFailures(records.flatMap(({ failures }) => failures)),
    inFlight: joinInFlight(records),
  };
}

interface Order {
  readonly generator: Uint8Array;
  readonly seq: Uint32Array;
}

/** Merges the rows, each record's own being in order already; of equal times the generator's number decides. */
function orderOf(records: readonly RunRecord[]): Order {
  const total = records.reduce((sum, { rows }) => sum + rows, 0);
  const generator = new Uint8Array(total);
  const seq = new Uint32Array(total);
  const intended = records.map(({ columns }) => columns.intendedNs);
  const next = records.map(() => 0);
  for (let row = 0; row < total; row += 1) {
    let earliest = -1;
    let earliestNs = Number.POSITIVE_INFINITY;
    for (const [index, times] of intended.entries()) {
      const atNs = times[next[index]!];
      if (atNs !== undefined && atNs < earliestNs) {
        earliest = index;
        earliestNs = atNs;
      }
    }
    generator[row] = earliest;
    seq[row] = next[earliest]!;
    next[earliest] = next[earliest]! + 1;
  }
  return { generator, seq };
}

function joinColumns(
  records: readonly RunRecord[],
  clients: readonly number[],
  { generator, seq }: Order,
): Columns {
  const firstClient = clients.map((_, index) =>
    clients.slice(0, index).reduce((sum, count) => sum + count, 0),
  );
  const joined = COLUMNS.map((column) => {
    const parts = records.map(({ columns }) => columns[column]);
    const whole = new Float64Array(seq.length);
    for (let row = 0; row < whole.length; row += 1) {
      const from = generator[row]!;
      whole[row] = parts[from]![seq[row]!]! + (column === "client" ? firstClient[from]! : 0);
    }
    return [column, whole] as const;
  });
  return Object.fromEntries(joined) as Columns;
}

/**
 * Samples of one generator see its own requests only. In flight in all of them is the sum of their means, so each sample
 * counts as if all generators were like it, weighted so that each generator counts once.
 */
function joinInFlight(records: readonly RunRecord[]): InFlightSamples | undefined {
  const samples = records.flatMap(({ inFlight }) => inFlight ?? []).filter(({ atNs }) => atNs.length > 0);
  if (samples.length < records.length) return undefined;
  const total = samples.reduce((sum, { atNs }) => sum + atNs.length, 0);
  const all = samples
    .flatMap(({ atNs, requests }) =>
      Array.from(atNs, (at, index) => ({ at, requests: (requests[index]! * total) / atNs.length })),
    )
    .sort((a, b) => a.at - b.at);
  return {
    atNs: Float64Array.from(all, ({ at }) => at),
    requests: Float64Array.from(all, ({ requests }) => requests),
  };
}
