import { TransportError } from "../core/errors.ts";
import { type Parameters, TIMEOUT_US } from "../core/parameters.ts";

/**
 * Triton's `timeout` parameter of a request, microseconds; `undefined` when there is none (0 means none, too).
 * @throws {TransportError} INVALID_ARGUMENT when it is not a number of microseconds.
 */
export function requestTimeoutUs(parameters: Parameters | undefined): number | undefined {
  const timeoutUs = parameters?.[TIMEOUT_US];
  if (timeoutUs === undefined || timeoutUs === 0) return undefined;
  if (typeof timeoutUs === "number" && timeoutUs > 0) return timeoutUs;
  throw new TransportError(
    "INVALID_ARGUMENT",
    `parameter ${TIMEOUT_US}: expected microseconds from 0, got ${timeoutUs}`,
  );
}
