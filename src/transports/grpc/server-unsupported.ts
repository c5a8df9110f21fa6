import type * as grpc from "@grpc/grpc-js";
import { TransportError } from "../../core/errors.ts";
import { writeFailure } from "./status.ts";

/** The calls of Triton's extensions that are known and not supported, and what each is about. */
const UNSUPPORTED = {
  SystemSharedMemoryStatus: "system shared memory",
  SystemSharedMemoryRegister: "system shared memory",
  SystemSharedMemoryUnregister: "system shared memory",
  CudaSharedMemoryStatus: "CUDA shared memory",
  CudaSharedMemoryRegister: "CUDA shared memory",
  CudaSharedMemoryUnregister: "CUDA shared memory",
  TraceSetting: "tracing",
  LogSettings: "changing the log",
} as const;

/** Answers each of them with UNIMPLEMENTED and a sentence. */
export function unsupportedHandlers(): Readonly<
  Record<keyof typeof UNSUPPORTED, grpc.handleUnaryCall<object, object>>
> {
  const handlers = Object.entries(UNSUPPORTED).map(([name, what]) => [
    name,
    (_call: grpc.ServerUnaryCall<object, object>, callback: grpc.sendUnaryData<object>): void =>
      callback(writeFailure(new TransportError("UNIMPLEMENTED", `${what} is not supported`))),
  ]);
  return Object.fromEntries(handlers) as ReturnType<typeof unsupportedHandlers>;
}
