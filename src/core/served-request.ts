import { TransportError } from "./errors.ts";
import type { Parameters } from "./parameters.ts";
import type { Status } from "./status.ts";

/** One infer request that has been answered, as a request log tells it. Plain references: nothing is formatted here. */
export interface ServedRequest {
  /** The listener: `http`, `grpc`, `grpc-stream`, `mqtt`, … */
  readonly transport: string;
  /** Empty where the request was too broken to name one; the same for `id`. */
  readonly modelName: string;
  /** The version that answered, or was asked for. */
  readonly modelVersion: string;
  readonly id: string;
  readonly status: Status;
  /** Bytes of the message without the transport's framing (HTTP: body), as they travelled; 0 where unknown. */
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** The answer's parameters with the server's stage durations; absent for a failure. */
  readonly parameters?: Parameters | undefined;
  /** `address:port` of the client; empty where the transport does not tell (mqtt: a broker stands between). */
  readonly client: string;
}

/** gRPC's status name of what a request ended with. @param reason - what was thrown; `undefined`: it succeeded. */
export function statusOfOutcome(reason: unknown): Status {
  return reason === undefined ? "OK" : TransportError.from(reason, "INTERNAL").status;
}

/** `address:port` of a socket's other end, an IPv6 address in brackets. */
export function clientAddress(socket: {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}): string {
  const { remoteAddress, remotePort } = socket;
  if (remoteAddress === undefined) return "";
  return `${remoteAddress.includes(":") ? `[${remoteAddress}]` : remoteAddress}:${remotePort}`;
}
