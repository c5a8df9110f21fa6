import type { Transport } from "../../core/transport.ts";
import { connectLocal } from "./client.ts";
import { serveLocal } from "./server.ts";

/**
 * In process, without a socket: the zero point of every comparison, and a test double. Endpoints are `local:N`, known
 * only in the process that serves. A request's tensors are copied, which counts as its encoding.
 */
export function createLocalTransport(): Transport {
  return {
    name: "local",
    encodings: ["binary", "jpeg", "png", "bayer"],
    async serve(core, options) {
      return serveLocal(core, options);
    },
    async connect(endpoint, options) {
      return connectLocal(endpoint, options);
    },
  };
}
