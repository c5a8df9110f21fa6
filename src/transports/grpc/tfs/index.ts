import type { Transport } from "../../../core/transport.ts";

/**
 * gRPC: `tensorflow.serving.PredictionService`, requests in `tensor_content`. Answers are so, too, when our client asks;
 * other clients get `float_val` and its like unless the server is set up otherwise. Endpoints are `tfs+grpc://host:port`.
 * `tuned` means the same as for the grpc transport.
 */
export function createTfsGrpcTransport(): Transport {
  return {
    name: "tfs-grpc",
    encodings: ["binary", "jpeg", "png", "bayer"],
    serve: async (core, options) => (await import("./server.ts")).serveTfsGrpc(core, options),
    connect: async (endpoint, options) => (await import("./client.ts")).connectTfsGrpc(endpoint, options),
  };
}
