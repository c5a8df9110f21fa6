import type { IncomingMessage } from "node:http";
import { monotonicClock } from "../../core/clock.ts";
import { TransportError } from "../../core/errors.ts";
import { BodyCollector } from "./body-collector.ts";
import { HEADER_LENGTH, headerLengthOf } from "./codec.ts";
import { type Coding, codingOf, decompress } from "./compression.ts";

/** A whole request body. */
export interface ReceivedBody {
  /** In a buffer of its own, its binary part aligned for typed arrays. */
  readonly bytes: Uint8Array;
  /** How many bytes travelled: fewer, where they came compressed. */
  readonly wireBytes: number;
  /** Bytes of the JSON part as announced; `undefined`: all of it is JSON. */
  readonly headerBytes: number | undefined;
  /** When the last byte was there, nanoseconds of `monotonicClock`. */
  readonly inNs: number;
}

/**
 * The whole body of a request, inflated where it came compressed (the header's length is that of the inflated JSON).
 *
 * @throws {TransportError} RESOURCE_EXHAUSTED over the limit; CANCELLED when the client went away; UNIMPLEMENTED for an
 * unknown coding; INVALID_ARGUMENT for a damaged one.
 */
export async function receiveBody(message: IncomingMessage, maxBytes: number): Promise<ReceivedBody> {
  const headerBytes = headerLengthOf(message.headers[HEADER_LENGTH]);
  const { bytes, inNs, coding } = await collect(message, maxBytes, headerBytes);
  const wireBytes = bytes.byteLength;
  if (coding === undefined) return { bytes, wireBytes, headerBytes, inNs };
  const inflated = await decompress(bytes, coding, maxBytes);
  // Into a buffer of its own, aligned.
  const collector = new BodyCollector({ contentBytes: inflated.byteLength, headerBytes, maxBytes });
  collector.push(inflated);
  return { bytes: collector.finish(), wireBytes, headerBytes, inNs };
}

/**
 * Collects a body as it came. One over the limit is read to its end and dropped before the call rejects, so that the
 * client, which is still sending, gets to read the answer instead of a reset connection.
 */
function collect(
  message: IncomingMessage,
  maxBytes: number,
  headerBytes: number | undefined,
): Promise<{ readonly bytes: Uint8Array; readonly inNs: number; readonly coding: Coding | undefined }> {
  return new Promise((resolve, reject) => {
    const { headers } = message;
    let failure: TransportError | undefined;
    let coding: Coding | undefined;
    let collector: BodyCollector | undefined;
    let inNs = 0;
    try {
      coding = codingOf(headers["content-encoding"]);
      const length = headers["content-length"];
      collector = new BodyCollector({
        contentBytes: length === undefined ? undefined : Number(length),
        headerBytes: headerBytes || undefined,
        maxBytes,
      });
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
    message.on("end", () => {
      if (failure !== undefined || collector === undefined) {
        reject(failure ?? new TransportError("INTERNAL", "the body was lost"));
        return;
      }
      resolve({ bytes: collector.finish(), inNs: inNs || monotonicClock.nowNs(), coding });
    });
    message.on("error", (reason) => reject(TransportError.from(reason, "CANCELLED")));
    message.on("close", () => reject(new TransportError("CANCELLED", "the client closed the connection")));
  });
}
