import { monotonicClock } from "../../core/clock.ts";
import type { TransportError } from "../../core/errors.ts";
import type { InferRequest } from "../../core/inference.ts";
import { readRequest } from "./codec.ts";

/** What the server's deserialiser makes of a request: it came whole at `inNs`. */
export interface Arrival {
  /** Nanoseconds of `monotonicClock`. */
  readonly inNs: number;
  readonly requestBytes: number;
  readonly request: InferRequest | TransportError;
}

/** Marks and decodes a request. */
export function readArrival(bytes: Uint8Array): Arrival {
  const inNs = monotonicClock.nowNs();
  return { inNs, requestBytes: bytes.byteLength, request: readRequest(bytes) };
}
