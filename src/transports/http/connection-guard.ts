import type { Server, ServerOptions } from "node:http";
import type { Socket } from "node:net";
import { checkIntervalMs } from "../../core/overdue-watch.ts";
import type { ServeLimits } from "../../core/transport.ts";

/** Node's own options for slow clients; with none it waits a minute for a header and for ever for a body. */
export function slowClientOptions({ requestTimeoutMs }: ServeLimits): ServerOptions {
  if (requestTimeoutMs === undefined) return {};
  return {
    headersTimeout: requestTimeoutMs,
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: checkIntervalMs(requestTimeoutMs),
  };
}

/**
 * Closes connections whose client has taken nothing of a waiting answer for so long: Node counts that, once it is asked to,
 * until the answer has left. One timer for all connections: one for each answer would cost each more.
 */
export function limitUnreadAnswers(server: Server, { requestTimeoutMs }: ServeLimits): void {
  if (requestTimeoutMs === undefined) return;
  const open = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  const check = (): void => {
    for (const socket of open) {
      // Asking once more would begin anew.
      if (socket.writableLength > 0 && socket.timeout !== requestTimeoutMs)
        socket.setTimeout(requestTimeoutMs);
    }
  };
  const timer = setInterval(check, checkIntervalMs(requestTimeoutMs)).unref();
  server.once("close", () => clearInterval(timer));
}

/**
 * A connection over the limit is told so and closed before it is read: the listeners of connections that the server has by
 * now do not hear of it. Call this after they were added.
 */
export function limitConnections(server: Server, maxConnections: number | undefined): void {
  if (maxConnections === undefined) return;
  let open = 0;
  const others = server.listeners("connection");
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    if (open >= maxConnections) {
      refuse(socket, `the server has its ${maxConnections} connections already`);
      return;
    }
    open += 1;
    socket.once("close", () => {
      open -= 1;
    });
    for (const listener of others) Reflect.apply(listener, server, [socket]);
  });
}

function refuse(socket: Socket, error: string): void {
  const body = JSON.stringify({ error });
  const head =
    "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nwirebench-status: UNAVAILABLE\r\n" +
    `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n`;
  socket.on("error", () => {});
  // Bytes that nobody has read would have the close reset the connection, and the answer be lost.
  socket.resume();
  socket.end(head + body, () => socket.destroy());
}

/** Closes idle connections, and from now on each with the answer that is under way. */
export function leaveConnections(server: Server): void {
  server.prependListener("request", (_request, response) => {
    response.shouldKeepAlive = false;
  });
  server.closeIdleConnections();
}
