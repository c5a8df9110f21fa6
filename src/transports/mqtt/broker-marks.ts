import { parseTopic } from "./topics.ts";

/** When a request and its answer passed the broker; nanoseconds of the broker's monotonic clock, 0 for what did not happen. */
export interface BrokerMark {
  readonly clientId: string;
  readonly requestId: string;
  /** The whole PUBLISH was read. */
  readonly requestInNs: number;
  /** It was handed to the subscriber's socket. */
  readonly requestOutNs: number;
  readonly responseInNs: number;
  readonly responseOutNs: number;
}

/** What a broker saw since it was last asked. */
export interface BrokerMarks {
  readonly marks: readonly BrokerMark[];
  /** Requests that found no more room. */
  readonly missed: number;
}

/** Which side of the broker a message is on. */
export type BrokerSide = "in" | "out";

const COLUMNS = 4;
const FIRST_ROWS = 4_096;
/** Neither a client id nor a request id can hold it: MQTT forbids it in a topic, and it is escaped in a level. */
const SEPARATOR = "\0";

/** Records marks by client id and request id, as they stand in the topics of MQTT 3.1.1. Bounded by `maxRequests`. */
export class BrokerMarkRecorder {
  readonly #maxRequests: number;
  readonly #rows = new Map<string, number>();
  #times = new Float64Array(FIRST_ROWS * COLUMNS);
  #missed = 0;

  constructor(maxRequests: number) {
    this.#maxRequests = maxRequests;
  }

  /** Notes that a message of this topic is at this side; topics that are no request or answer are passed over. */
  record(topic: string, side: BrokerSide, nowNs: number): void {
    const parsed = parseTopic(topic);
    let row: number | undefined;
    if (parsed?.kind === "request" && parsed.sender !== undefined) {
      row = this.#row(parsed.sender.clientId + SEPARATOR + parsed.sender.id, side === "in");
    } else if (parsed?.kind === "response" && parsed.id !== undefined) {
      row = this.#row(parsed.clientId + SEPARATOR + parsed.id, false);
    } else return;
    if (row === undefined) return;
    const column = (parsed.kind === "request" ? 0 : 2) + (side === "in" ? 0 : 1);
    this.#times[row * COLUMNS + column] = nowNs;
  }

  /** Gives back what was recorded and forgets it. */
  take(): BrokerMarks {
    const marks: BrokerMark[] = [];
    for (const [key, row] of this.#rows) {
      const [clientId = "", requestId = ""] = key.split(SEPARATOR);
      const [requestInNs = 0, requestOutNs = 0, responseInNs = 0, responseOutNs = 0] = this.#times.subarray(
        row * COLUMNS,
        (row + 1) * COLUMNS,
      );
      marks.push({ clientId, requestId, requestInNs, requestOutNs, responseInNs, responseOutNs });
    }
    const missed = this.#missed;
    this.#rows.clear();
    this.#times = new Float64Array(FIRST_ROWS * COLUMNS);
    this.#missed = 0;
    return { marks, missed };
  }

  #row(key: string, isNew: boolean): number | undefined {
    const known = this.#rows.get(key);
    if (known !== undefined || !isNew) return known;
    const row = this.#rows.size;
    if (row >= this.#maxRequests) {
      this.#missed++;
      return undefined;
    }
    if ((row + 1) * COLUMNS > this.#times.length) {
      const larger = new Float64Array(this.#times.length * 2);
      larger.set(this.#times);
      this.#times = larger;
    }
    this.#rows.set(key, row);
    return row;
  }
}
