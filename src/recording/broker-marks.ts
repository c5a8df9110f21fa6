import type { RunRecord } from "./run-record.ts";

/** What an embedded broker saw of one request; nanoseconds of its monotonic clock, NaN for a mark it did not take. */
export interface BrokerMark {
  /** The request's id: ids are unique within a run, whatever the connection. */
  readonly requestId: string;
  /** The whole request had arrived in the broker / was handed to the server's socket. */
  readonly requestInNs: number;
  readonly requestOutNs: number;
  /** The same for the answer. */
  readonly responseInNs: number;
  readonly responseOutNs: number;
}

/**
 * Writes a broker's marks into the rows of their requests, in place. Marks of other requests (the warm-up's) are
 * passed over. Only for a broker on the generator's clock.
 *
 * @returns how many marks found their row.
 */
export function joinBrokerMarks(record: RunRecord, marks: Iterable<BrokerMark>): number {
  const { columns, idPrefix, rows } = record;
  let joined = 0;
  for (const mark of marks) {
    const seq = sequenceOf(mark.requestId, idPrefix);
    if (seq === undefined || seq >= rows) continue;
    columns.brokerRequestInNs[seq] = mark.requestInNs;
    columns.brokerRequestOutNs[seq] = mark.requestOutNs;
    columns.brokerResponseInNs[seq] = mark.responseInNs;
    columns.brokerResponseOutNs[seq] = mark.responseOutNs;
    joined += 1;
  }
  return joined;
}

/** The id of a request: the run's prefix and the sequence number. */
export function requestId(idPrefix: string, seq: number): string {
  return idPrefix + seq;
}

function sequenceOf(id: string, idPrefix: string): number | undefined {
  if (!id.startsWith(idPrefix)) return undefined;
  const digits = id.slice(idPrefix.length);
  return /^\d+$/.test(digits) ? Number(digits) : undefined;
}
