import { createHttpTransport } from "../../dist/transports/http/index.js";
import { createRelay } from "../../dist/transports/http/relay.js";

/** HTTP with the relay before the server, both in this process: what the suite sees must not tell it from HTTP. */
export function createRelayedHttpTransport() {
  const http = createHttpTransport();
  return {
    ...http,
    name: "http-relay",
    async serve(core, options) {
      const server = await http.serve(core, { ...options, port: 0 });
      try {
        const { host, port, maxPayloadBytes } = options;
        const relay = await createRelay({ host, port, target: server.endpoint, maxPayloadBytes });
        const close = async () => {
          await server.close();
          await relay.close();
        };
        return { endpoint: relay.url, notes: server.notes, close };
      } catch (error) {
        await server.close();
        throw error;
      }
    },
  };
}
