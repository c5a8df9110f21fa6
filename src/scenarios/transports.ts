import type { Transport, TransportName } from "../core/transport.ts";
import { createGrpcStreamTransport, createGrpcTransport } from "../transports/grpc/index.ts";
import { createTfsGrpcTransport } from "../transports/grpc/tfs/index.ts";
import { createHttpTransport } from "../transports/http/index.ts";
import { createKserveV1Transport, createTfsHttpTransport } from "../transports/http/tfs/index.ts";
import { createLocalTransport } from "../transports/local/index.ts";
import { createMqttTransport } from "../transports/mqtt/index.ts";

const CREATE: { readonly [T in TransportName]: () => Transport } = {
  local: createLocalTransport,
  http: createHttpTransport,
  grpc: createGrpcTransport,
  "grpc-stream": createGrpcStreamTransport,
  mqtt: createMqttTransport,
  "tfs-http": createTfsHttpTransport,
  "tfs-grpc": createTfsGrpcTransport,
  "kserve-v1": createKserveV1Transport,
  // The same client and server; what stands between them is a process of its own.
  "http-relay": () => ({ ...createHttpTransport(), name: "http-relay" }),
};

/** A transport by its name. */
export function createTransport(name: TransportName): Transport {
  return CREATE[name]();
}
