import { TransportError } from "../../core/errors.ts";
import { type FailureStatus, statusCode, statusOf } from "../../core/status.ts";

/** Characters; headers have limits of their own. */
const LONGEST_MESSAGE = 2000;

/** The part of grpc-js's `ServiceError` and `ServerErrorResponse` that matters here. */
export interface GrpcFailure {
  /** gRPC's number; `statusOf` and `statusCode` are the one table from it to our names and back. */
  readonly code: number;
  readonly details: string;
}

/** A failure as the client sees it. */
export interface ReadFailure {
  readonly error: TransportError;
  /** It is the server's answer; otherwise the client's library gave up. */
  readonly answered: boolean;
}

/**
 * What grpc-js itself says when no answer came, by the beginning of its text, and what that means. It also reports
 * calls that ended because the connection did as CANCELLED or INTERNAL.
 */
const LIBRARY_FAILURES: readonly (readonly [start: string, status: FailureStatus, message: string])[] = [
  ["Call cancelled", "UNAVAILABLE", "the connection to the server was closed"],
  ["Connection dropped", "UNAVAILABLE", "the connection to the server was lost"],
  ["Received RST_STREAM with code 0", "UNAVAILABLE", "the server closed the connection without an answer"],
  ["Received RST_STREAM with code 2 triggered", "UNAVAILABLE", "the connection to the server was lost"],
  ["read ECONNRESET", "UNAVAILABLE", "the connection to the server was lost"],
  ["write EPIPE", "UNAVAILABLE", "the connection to the server was lost"],
  ["The session has been destroyed", "UNAVAILABLE", "the connection to the server was lost"],
  ["Channel closed before call started", "CANCELLED", "the client is closed"],
];

/**
 * Reads a failure of a call.
 *
 * @param deadlineMs - of the call, for the message of an overrun deadline.
 */
export function readFailure(
  { code, details }: GrpcFailure,
  endpoint: string,
  deadlineMs: number,
): ReadFailure {
  const unreachable =
    /^No connection established(?:\. Last error: (?:Error: )?(.*?)\. Resolution note:.*)?$/s.exec(details);
  if (unreachable !== null) {
    const why = (unreachable[1] ?? "null").replace(/\s+/g, " ").trim();
    const message = `cannot reach ${endpoint}${why === "null" ? "" : `: ${why}`}`;
    return { error: new TransportError("UNAVAILABLE", message), answered: false };
  }
  if (details === "Deadline exceeded" || details.startsWith("Deadline exceeded after ")) {
    const error = new TransportError("DEADLINE_EXCEEDED", `no answer within ${deadlineMs} ms`);
    return { error, answered: false };
  }
  for (const [start, status, message] of LIBRARY_FAILURES) {
    if (!details.startsWith(start)) continue;
    return { error: new TransportError(status, message), answered: false };
  }
  const status = statusOf(code);
  const message = details === "" ? `the call failed with ${status}` : details;
  return { error: new TransportError(status === "OK" ? "UNKNOWN" : status, message), answered: true };
}

/**
 * A failure as the server sends it, in a header: long messages are cut, and lone surrogates, which a header cannot
 * carry, are replaced.
 */
export function writeFailure(reason: unknown): GrpcFailure {
  const { status, message } = TransportError.from(reason, "INTERNAL");
  const short = message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}…` : message;
  return { code: statusCode(status), details: Buffer.from(short, "utf8").toString("utf8") };
}
