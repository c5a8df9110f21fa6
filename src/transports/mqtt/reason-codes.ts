import { messageOf, TransportError } from "../../core/errors.ts";
import type { FailureStatus } from "../../core/status.ts";

/** Return codes of MQTT 3.1.1's CONNACK (1–5) and reason codes of MQTT 5; the rest is UNAVAILABLE. */
const STATUS_OF_REASON: Readonly<Record<number, FailureStatus>> = {
  4: "UNAUTHENTICATED",
  5: "PERMISSION_DENIED",
  134: "UNAUTHENTICATED",
  135: "PERMISSION_DENIED",
  138: "PERMISSION_DENIED",
  140: "UNAUTHENTICATED",
  143: "INVALID_ARGUMENT",
  144: "INVALID_ARGUMENT",
  147: "RESOURCE_EXHAUSTED",
  149: "RESOURCE_EXHAUSTED",
  150: "RESOURCE_EXHAUSTED",
  151: "RESOURCE_EXHAUSTED",
  153: "INVALID_ARGUMENT",
  154: "UNIMPLEMENTED",
  155: "UNIMPLEMENTED",
  158: "UNIMPLEMENTED",
  159: "RESOURCE_EXHAUSTED",
  161: "UNIMPLEMENTED",
  162: "UNIMPLEMENTED",
};

/** PUBACK and PUBREC of MQTT 5: the broker has the message and nobody to give it to. */
export const NO_SUBSCRIBERS = 16;

/** The `code` of an error that says that a broker hung up instead of answering CONNECT. */
export const CLOSED_EARLY = "CLOSED_EARLY";

/** "I do not speak this protocol version": 1 in MQTT 3.1.1's words, 132 in those of MQTT 5, or no word at all. */
export function isVersionRefused(error: unknown): boolean {
  const code = codeOf(error);
  return code === 1 || code === 132 || code === CLOSED_EARLY;
}

/** An error of mqtt.js or of its socket as a `TransportError` that says what was tried. */
export function transportErrorOf(error: unknown, what: string): TransportError {
  if (error instanceof TransportError) return error;
  const code = codeOf(error);
  const status = typeof code === "number" ? (STATUS_OF_REASON[code] ?? "UNAVAILABLE") : "UNAVAILABLE";
  // An AggregateError (a host name with several addresses, none of which answers) has an empty message.
  const reason = messageOf(error) || (code === undefined ? "no reason given" : String(code));
  return new TransportError(status, `${what}: ${reason}`, { cause: error });
}

function codeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}
