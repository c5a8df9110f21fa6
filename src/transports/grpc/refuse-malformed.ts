import type * as grpc from "@grpc/grpc-js";
import { messageOf, TransportError } from "../../core/errors.ts";
import { writeFailure } from "./status.ts";

/**
 * Lets the unary methods of a service that do not read their messages themselves answer one that is no protobuf with
 * INVALID_ARGUMENT: the library would say INTERNAL, which is for the server's own faults.
 *
 * @param methods - names of the methods that read their own messages.
 */
export function refuseMalformed(
  definition: grpc.ServiceDefinition,
  handlers: grpc.UntypedServiceImplementation,
  methods: readonly string[],
): readonly [grpc.ServiceDefinition, grpc.UntypedServiceImplementation] {
  const readers: Record<string, grpc.MethodDefinition<unknown, unknown>> = { ...definition };
  const guarded: grpc.UntypedServiceImplementation = { ...handlers };
  for (const [name, method] of Object.entries(definition)) {
    const handler = handlers[name] as grpc.handleUnaryCall<unknown, unknown> | undefined;
    if (handler === undefined || methods.includes(name)) continue;
    readers[name] = { ...method, requestDeserialize: (bytes) => read(method, bytes) };
    guarded[name] = (
      call: grpc.ServerUnaryCall<unknown, unknown>,
      callback: grpc.sendUnaryData<unknown>,
    ): void => {
      if (call.request instanceof TransportError) callback(writeFailure(call.request));
      else handler(call, callback);
    };
  }
  return [readers, guarded];
}

function read(method: grpc.MethodDefinition<unknown, unknown>, bytes: Buffer): unknown {
  try {
    return method.requestDeserialize(bytes);
  } catch (reason) {
    return new TransportError("INVALID_ARGUMENT", `malformed protobuf message: ${messageOf(reason)}`);
  }
}
