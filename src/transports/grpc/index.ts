import type { Transport } from "../../core/transport.ts";

/**
 * gRPC: `inference.GRPCInferenceService` over HTTP/2 without TLS, unary calls, tensors as raw contents. Endpoints are
 * `grpc://host:port`; each client is one TCP connection. Both ends set TCP_NODELAY (Node's http2 does).
 *
 * `tuned` widens the HTTP/2 windows at both ends and writes messages straight into the library's frames; the copy into
 * the frame then falls into uplink and downlink. `defaults` changes the size limits only.
 */
export function createGrpcTransport(): Transport {
  return {
    name: "grpc",
    encodings: ["binary", "jpeg", "png", "bayer"],
    // Each half is loaded where it is used: a client's program is not a server's.
    serve: async (core, options) => (await import("./server.ts")).serveGrpc(core, options),
    connect: async (endpoint, options) => (await import("./client.ts")).connectGrpc(endpoint, options),
  };
}

/**
 * gRPC with one stream for each connection (`ModelStreamInfer`) instead of a call for each request: what a call costs is
 * paid once. The server is the same, endpoints are `grpc+stream://host:port`.
 */
export function createGrpcStreamTransport(): Transport {
  const unary = createGrpcTransport();
  return {
    ...unary,
    name: "grpc-stream",
    serve: async (core, options) => {
      const server = await unary.serve(core, options);
      return { ...server, endpoint: server.endpoint.replace(/^grpc:/, "grpc+stream:") };
    },
    connect: async (endpoint, options) =>
      (await import("./stream-client.ts")).connectGrpcStream(endpoint, options),
  };
}
