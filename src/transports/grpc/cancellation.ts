import type * as grpc from "@grpc/grpc-js";
import { TransportError } from "../../core/errors.ts";

/** Why a call was cancelled: its deadline is over, or its caller has gone. */
export function cancellation(deadline: grpc.Deadline): TransportError {
  return Number(deadline) <= Date.now()
    ? new TransportError("DEADLINE_EXCEEDED", "the request's deadline is over")
    : new TransportError("CANCELLED", "the client cancelled the request");
}
