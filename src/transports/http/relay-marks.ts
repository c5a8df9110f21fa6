/** When a request and its answer passed the relay; nanoseconds of the relay's monotonic clock. */
export interface RelayMark {
  readonly requestId: string;
  /** The whole request had arrived. */
  readonly requestInNs: number;
  /** It was handed to the connection to the server. */
  readonly requestOutNs: number;
  readonly responseInNs: number;
  readonly responseOutNs: number;
}

/** Requests whose marks are kept between two calls of `take`; about 100 bytes each. */
const MOST_MARKS = 1_000_000;
/** The id stands at the head of the body: no more of it is looked at than this. */
const HEAD_BYTES = 512;
const ID = /^\s*\{\s*"id"\s*:\s*("(?:[^"\\]|\\.)*")/;

/** Keeps the marks of a relay. Bounded; marks beyond the bound are lost, and their requests have no `broker` stage. */
export class RelayMarkRecorder {
  #marks: RelayMark[] = [];

  record(mark: RelayMark): void {
    if (this.#marks.length < MOST_MARKS) this.#marks.push(mark);
  }

  /** Gives back what was recorded and forgets it. */
  take(): readonly RelayMark[] {
    const marks = this.#marks;
    this.#marks = [];
    return marks;
  }
}

/**
 * The id of the infer request in a body, as our client writes it: the first member of the JSON. `undefined` for any other
 * body; nothing beyond its head is read, as a broker reads no more than the topic.
 *
 * @param headerBytes - bytes of the JSON part; absent: all of it.
 */
export function requestIdOf(body: Uint8Array, headerBytes = body.byteLength): string | undefined {
  const length = Math.min(HEAD_BYTES, headerBytes || 0, body.byteLength);
  const found = ID.exec(Buffer.from(body.buffer, body.byteOffset, length).toString("utf8"))?.[1];
  if (found === undefined) return undefined;
  try {
    const id: unknown = JSON.parse(found);
    return typeof id === "string" ? id : undefined;
  } catch {
    return undefined;
  }
}
