/** gRPC's status names: the one closed set of outcomes that every transport maps its own codes to. */
export const STATUSES = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
] as const;

/** The index of a name in {@link STATUSES} is gRPC's numeric code. @see https://grpc.io/docs/guides/status-codes/ */
export type Status = (typeof STATUSES)[number];
export type FailureStatus = Exclude<Status, "OK">;

/** gRPC's number of a status. */
export function statusCode(status: Status): number {
  return STATUSES.indexOf(status);
}

/** The status of gRPC's number; `UNKNOWN` for numbers outside the set. */
export function statusOf(code: number): Status {
  return STATUSES[code] ?? "UNKNOWN";
}

/** Whether a text is one of the failure names (as it travels in `wirebench_status`). */
export function isFailureStatus(name: unknown): name is FailureStatus {
  return typeof name === "string" && name !== "OK" && (STATUSES as readonly string[]).includes(name);
}
