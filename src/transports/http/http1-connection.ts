import type { Socket } from "node:net";
import { buildConnector, Client } from "undici";
import { TransportError } from "../../core/errors.ts";
import { exchange } from "./exchange.ts";
import { gatheredBody } from "./gathered-body.ts";
import type { HttpConnection, HttpConnectionOptions } from "./http-connection.ts";

/** Longer than any pause of a run: a connection that idles is not to be replaced by a new one. */
const KEEP_ALIVE_MS = 600_000;

/** HTTP/1.1 by undici; overlapping requests wait for each other (no pipelining). Connects with the first request. */
export function createHttp1Connection({ origin, connectTimeoutMs }: HttpConnectionOptions): HttpConnection {
  const connector = buildConnector({ timeout: connectTimeoutMs, noDelay: true });
  let socket: Socket | undefined;
  const client = new Client(origin, {
    pipelining: 1,
    connect(target, done) {
      connector(target, (...ends) => {
        socket = ends[1] ?? undefined;
        done(...ends);
      });
    },
    // The only timeout is the deadline of each request.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
  });
  return {
    version: "1.1",
    exchange({ method, path, headers = [], parts }, options) {
      const body = parts === undefined || parts.length === 1 ? parts?.[0] : gatheredBody(parts, () => socket);
      return exchange(
        client,
        // undici takes iterables too; its types do not say so.
        { method, path, headers: [...headers], body: (body ?? null) as Uint8Array | null },
        options,
      );
    },
    async close() {
      if (!client.closed && !client.destroyed) await client.close();
    },
    async destroy() {
      if (!client.destroyed)
        await client.destroy(new TransportError("CANCELLED", "the client was destroyed"));
    },
  };
}
