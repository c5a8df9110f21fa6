import type { Transport } from "../../core/transport.ts";

/**
 * The Open Inference Protocol's V2 REST API over HTTP/1.1 and HTTP/2 (without TLS, prior knowledge): fastify serves both
 * on one port, undici calls the one and node:http2 the other. Tensors travel as JSON numbers
 * (`json`) or by the binary tensor extension (every other encoding). Endpoints are `http://host:port`.
 */
export function createHttpTransport(): Transport {
  return {
    name: "http",
    encodings: ["json", "binary", "jpeg", "png", "bayer"],
    // Each half is loaded where it is used: a client's program is not a server's.
    serve: async (core, options) => (await import("./server.ts")).serveHttp(core, options),
    connect: async (endpoint, options) => (await import("./client.ts")).connectHttp(endpoint, options),
  };
}
