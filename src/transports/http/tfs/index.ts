import type { Transport } from "../../../core/transport.ts";

/**
 * TensorFlow Serving's interfaces and the part of them that is KServe's V1 protocol, in front of the same core.
 *
 * Bodies and messages are TensorFlow Serving's own. What they have no place for travels beside them and is ignored by
 * foreign clients and servers: the id, the parameters and the datatypes of a request in `wirebench-request`, the stage
 * durations and the outputs' datatypes of an answer in `wirebench-response` (HTTP headers; over gRPC metadata and
 * trailing metadata), a model's platform and properties in `wirebench-model`; each is JSON in ASCII.
 */

/** REST: `POST /v1/models/M:predict` with JSON numbers. Endpoints are `tfs+http://host:port`. */
export function createTfsHttpTransport(): Transport {
  return {
    name: "tfs-http",
    encodings: ["json"],
    // Each half is loaded where it is used: a client's program is not a server's.
    serve: async (core, options) => (await import("./server.ts")).serveTfsHttp(core, options, "tfs+http"),
    connect: async (endpoint, options) =>
      (await import("./client.ts")).connectTfsHttp(endpoint, options, "tfs+http"),
  };
}

/**
 * KServe's V1 protocol: the row form of the same bodies, without versions. The server is the one of `tfs-http`. Endpoints
 * are `kserve-v1+http://host:port`.
 */
export function createKserveV1Transport(): Transport {
  return {
    name: "kserve-v1",
    encodings: ["json"],
    serve: async (core, options) =>
      (await import("./server.ts")).serveTfsHttp(core, options, "kserve-v1+http"),
    connect: async (endpoint, options) =>
      (await import("./client.ts")).connectTfsHttp(endpoint, options, "kserve-v1+http"),
  };
}
