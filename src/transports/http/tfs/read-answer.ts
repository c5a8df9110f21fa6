import { messageOf, TransportError } from "../../../core/errors.ts";
import type { Answer } from "../exchange.ts";
import { STATUS_HEADER, statusOfHttp } from "../status-codes.ts";

/** @throws {TransportError} INTERNAL for a body that is not JSON. */
export function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch (reason) {
    throw new TransportError("INTERNAL", `the server's answer is not JSON: ${messageOf(reason)}`, {
      cause: reason,
    });
  }
}

/** The error of an answer that is not 200: `{"error": "…"}`, or whatever text a foreign server sends. */
export function failureOf({ code, headers, body }: Answer): TransportError {
  const text = new TextDecoder().decode(body.subarray(0, 10_000));
  let message = text;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && "error" in value) message = String(value.error);
  } catch {
    // A proxy's page, say: its text is all there is.
  }
  return new TransportError(statusOfHttp(code, headers[STATUS_HEADER]), messageOf(message) || `HTTP ${code}`);
}
