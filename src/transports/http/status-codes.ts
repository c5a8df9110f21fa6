import { type FailureStatus, isFailureStatus } from "../../core/status.ts";

/** Response header of our server: the exact status name, which HTTP's codes cannot tell apart. */
export const STATUS_HEADER = "wirebench-status";

/** HTTP's code of each status: Triton's where Triton has one (wire protocol, error table), else the usual one. */
const HTTP_CODES: Readonly<Record<FailureStatus, number>> = {
  CANCELLED: 400,
  UNKNOWN: 400,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 400,
  PERMISSION_DENIED: 403,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 400,
  ABORTED: 409,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 501,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DATA_LOSS: 500,
  UNAUTHENTICATED: 401,
};

/** The code for a body over the limit, the one RESOURCE_EXHAUSTED that HTTP has a name for. */
export const PAYLOAD_TOO_LARGE = 413;

const STATUSES: Readonly<Record<number, FailureStatus>> = {
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  405: "UNIMPLEMENTED",
  408: "DEADLINE_EXCEEDED",
  409: "ABORTED",
  413: "RESOURCE_EXHAUSTED",
  429: "RESOURCE_EXHAUSTED",
  499: "CANCELLED",
  501: "UNIMPLEMENTED",
  502: "UNAVAILABLE",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

/** HTTP's code for a failure. */
export function httpCodeOf(status: FailureStatus): number {
  return HTTP_CODES[status];
}

/**
 * The status of an answer that is not 2xx: the name that our server sends, else by HTTP's code.
 *
 * @param name - the value of {@link STATUS_HEADER}; foreign servers send none.
 */
export function statusOfHttp(code: number, name?: unknown): FailureStatus {
  if (isFailureStatus(name)) return name;
  const known = STATUSES[code];
  if (known !== undefined) return known;
  if (code >= 400 && code < 500) return "INVALID_ARGUMENT";
  return code >= 500 && code < 600 ? "INTERNAL" : "UNKNOWN";
}
