import type { IncomingMessage } from "node:http";
import { monotonicClock } from "../../core/clock.ts";
import { TransportError } from "../../core/errors.ts";
import { BodyCollector } from "./body-collector.ts";
import { HEADER_LENGTH, headerLengthOf } from "./codec.ts";
import { codingOf, decompress } from "./compression.ts";

const GONE = "the client closed the connection";

/** A whole request body as it came. */
export interface CollectedBody {
  /** In a buffer of its own, its binary part aligned for typed arrays. */
  readonly bytes: Uint8Array;
  /** Bytes of the JSON part as announced; `undefined`: all of it is JSON; NaN: what was announced is no length. */
  readonly headerBytes: number | undefined;
  /** When the last byte was there, nanoseconds of `monotonicClock`. */
  readonly inNs: number;
}

/** A whole request body, readable. */
export interface ReceivedBody extends CollectedBody {
  /** How many bytes travelled: fewer, where they came compressed. */
  readonly wireBytes: number;
}

/**
 * The whole body of a request, inflated where it came compressed (the header's length is that of the inflated JSON).
 *
 * @throws {TransportError} RESOURCE_EXHAUSTED over the limit; CANCELLED when the client went away; UNIMPLEMENTED for an
 * unknown coding; INVALID_ARGUMENT for a damaged one.
 */
export async function receiveBody(message: IncomingMessage, maxBytes: number): Promise<ReceivedBody> {
  const collected = await collectBody(message, maxBytes);
  const { bytes, headerBytes, inNs } = collected;
  const wireBytes = bytes.byteLength;
  const coding = codingOf(message.headers["content-encoding"]);
  if (coding === undefined) return { bytes, headerBytes, inNs, wireBytes };
  const inflated = await decompress(bytes, coding, maxBytes);
  // Into a buffer of its own, aligned.
  const collector = new BodyCollector({
    contentBytes: inflated.byteLength,
    headerBytes: headerBytes || undefined,
    maxBytes,
  });
  collector.push(inflated);
  return { bytes: collector.finish(), headerBytes, inNs, wireBytes };
}

/**
 * Collects a body as it came. One over the limit is read to its end and dropped before the call rejects, so that the
 * client, which is still sending, gets to read the answer instead of a reset connection.
 *
 * @throws {TransportError} RESOURCE_EXHAUSTED over the limit; CANCELLED when the client went away.
 */
export function collectBody(message: IncomingMessage, maxBytes: number): Promise<CollectedBody> {
  const { headers } = message;
  const headerBytes = headerLengthOf(headers[HEADER_LENGTH]);
  const length = headers["content-length"];
  const contentBytes = length === undefined ? undefined : Number(length);
  return new Promise((resolve, reject) => {
    let failure: TransportError | undefined;
    let collector: BodyCollector | undefined;
    let inNs = 0;
    let isAborted = false;
    let isEnded = false;
    try {
      collector = new BodyCollector({ contentBytes, headerBytes: headerBytes || undefined, maxBytes });
    } catch (reason) {
      failure = TransportError.from(reason);
    }
    message.on("data", (chunk: Uint8Array) => {
      if (failure !== undefined) return;
      try {
        collector?.push(chunk);
        // "end" comes later, and what happens until then is not the network's.
        if (collector?.isComplete === true) inNs = monotonicClock.nowNs();
      } catch (reason) {
        collector = undefined;
        failure = TransportError.from(reason);
      }
    });
    message.on("aborted", () => {
      isAborted = true;
    });
    message.on("end", () => {
      isEnded = true;
      // A request of HTTP/2 that was reset may end, too, and with nothing after it.
      if (isAborted) reject(new TransportError("CANCELLED", GONE));
      if (failure !== undefined || collector === undefined) {
        reject(failure ?? new TransportError("INTERNAL", "the body was lost"));
        return;
      }
      if (contentBytes !== undefined && collector.byteLength < contentBytes) {
        const text = `the body ended after ${collector.byteLength} of ${contentBytes} bytes`;
        reject(new TransportError("CANCELLED", text));
        return;
      }
      resolve({ bytes: collector.finish(), headerBytes, inNs: inNs || monotonicClock.nowNs() });
    });
    message.on("error", (reason) => reject(TransportError.from(reason, "CANCELLED")));
    message.on("close", () => {
      // Every message closes; an error costs some microseconds for its stack.
      if (!isEnded) reject(new TransportError("CANCELLED", GONE));
    });
  });
}
