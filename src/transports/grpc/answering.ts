import * as grpc from "@grpc/grpc-js";
import { writeFailure } from "./status.ts";

/**
 * Handles a call that the core answers at once.
 *
 * @param answer - may add to the trailing metadata; what it throws becomes the call's failure.
 */
export function answering<Request, Response extends object>(
  answer: (request: Request, trailer: grpc.Metadata) => Response,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    const trailer = new grpc.Metadata();
    let value: Response;
    try {
      value = answer(call.request, trailer);
    } catch (reason) {
      callback(writeFailure(reason));
      return;
    }
    callback(null, value, trailer);
  };
}
