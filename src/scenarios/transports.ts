import type { Transport, TransportName } from "../core/transport.ts";
import { createGrpcTransport } from "../transports/grpc/index.ts";
import { createHttpTransport } from "../transports/http/index.ts";
import { createLocalTransport } from "../transports/local/index.ts";
import { createMqttTransport } from "../transports/mqtt/index.ts";

const CREATE: { readonly [T in TransportName]: () => Transport } = {
  local: createLocalTransport,
  http: createHttpTransport,
  grpc: createGrpcTransport,
  mqtt: createMqttTransport,
  // The same client and server; what stands between them is a process of its own.
  "http-relay": () => ({ ...createHttpTransport(), name: "http-relay" }),
};

/** A transport by its name. */
export function createTransport(name: TransportName): Transport {
  return CREATE[name]();
}
