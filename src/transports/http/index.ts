import type { Transport } from "../../core/transport.ts";
import { connectHttp } from "./client.ts";
import { serveHttp } from "./server.ts";

/**
 * The Open Inference Protocol's V2 REST API over HTTP/1.1: fastify serves, undici calls. Tensors travel as JSON numbers
 * (`json`) or by the binary tensor extension (every other encoding). Endpoints are `http://host:port`.
 */
export function createHttpTransport(): Transport {
  return {
    name: "http",
    encodings: ["json", "binary", "jpeg", "png", "bayer"],
    serve: serveHttp,
    connect: connectHttp,
  };
}
