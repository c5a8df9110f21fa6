import type { IncomingMessage } from "node:http";
import { monotonicClock } from "../../core/clock.ts";
import { TransportError } from "../../core/errors.ts";
import { BodyCollector } from "./body-collector.ts";
import { HEADER_LENGTH, headerLengthOf } from "./codec.ts";

/** A whole request body. */
export interface ReceivedBody {
  /** In a buffer of its own, its binary part aligned for typed arrays. */
  readonly bytes: Uint8Array;
  /** Bytes of the JSON part as announced; `undefined`: all of it is JSON. */
  readonly headerBytes: number | undefined;
  /** When the last byte was there, nanoseconds of `monotonicClock`. */
  readonly inNs: number;
}

/**
 * Collects the body of a request. One over the limit is read to its end and dropped before the call rejects, so that the
 * client, which is still sending, gets to read the answer instead of a reset connection.
 *
 * @throws {TransportError} RESOURCE_EXHAUSTED over the limit; CANCELLED when the client went away; UNIMPLEMENTED for a
 * compressed body.
 */
export function receiveBody(message: IncomingMessage, maxBytes: number): Promise<ReceivedBody> {
  return new Promise((resolve, reject) => {
    const { headers } = message;
    const headerBytes = headerLengthOf(headers[HEADER_LENGTH]);
    let failure = unsupported(headers["content-encoding"]);
    let collector: BodyCollector | undefined;
    let inNs = 0;
    try {
      const length = headers["content-length"];
      collector = new BodyCollector({
        contentBytes: length === undefined ? undefined : Number(length),
        headerBytes: headerBytes || undefined,
        maxBytes,
      });
    } catch (reason) {
      failure ??= TransportError.from(reason);
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
      resolve({ bytes: collector.finish(), headerBytes, inNs: inNs || monotonicClock.nowNs() });
    });
    message.on("error", (reason) => reject(TransportError.from(reason, "CANCELLED")));
    message.on("close", () => reject(new TransportError("CANCELLED", "the client closed the connection")));
  });
}

function unsupported(contentEncoding: string | undefined): TransportError | undefined {
  if (contentEncoding === undefined || contentEncoding === "identity") return undefined;
  return new TransportError("UNIMPLEMENTED", `Content-Encoding '${contentEncoding}' is not supported`);
}
