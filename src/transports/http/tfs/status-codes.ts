import type { FailureStatus } from "../../../core/status.ts";

/**
 * HTTP's code of each status, TensorFlow Serving's.
 * @see https://github.com/tensorflow/serving/blob/master/tensorflow_serving/model_servers/http_rest_api_util.cc
 */
const HTTP_CODES: Readonly<Record<FailureStatus, number>> = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  OUT_OF_RANGE: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  ABORTED: 409,
  RESOURCE_EXHAUSTED: 429,
  CANCELLED: 499,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
  INTERNAL: 500,
  UNKNOWN: 500,
  DATA_LOSS: 500,
};

/** HTTP's code for a failure. */
export function tfsHttpCode(status: FailureStatus): number {
  return HTTP_CODES[status];
}
