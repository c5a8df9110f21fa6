import { TransportError } from "../errors.ts";
import type { Parameters } from "../parameters.ts";

/** Parameter of a tensor or a requested output: its data are in a region of memory shared with the client. */
const SHARED_MEMORY_REGION = "shared_memory_region";

/** @throws {TransportError} UNIMPLEMENTED when a tensor or an output is to travel through shared memory. */
export function refuseSharedMemory(parameters: Parameters | undefined, name: string): void {
  if (parameters === undefined || !Object.hasOwn(parameters, SHARED_MEMORY_REGION)) return;
  throw new TransportError("UNIMPLEMENTED", `tensor '${name}': shared memory is not supported`);
}
