import {
  constants,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Socket } from "node:net";
import type { Server } from "@grpc/grpc-js";
import { watchOverdue } from "../../core/overdue-watch.ts";
import type { ServeLimits } from "../../core/transport.ts";

/** Streams of these methods stay open as long as the client likes. */
const OPEN_ENDED = /\/(ModelStreamInfer|ServerReflectionInfo)$/;

/** The part of `http2.Http2Server` that is used, looked for before it is. */
interface GuardedServer {
  on(event: "session", listener: (session: ServerHttp2Session) => void): void;
  on(event: "connection", listener: (socket: Socket) => void): void;
  on(event: "close", listener: () => void): void;
  on(event: "stream", listener: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void): void;
}

/**
 * Protects a bound server from clients that are too many, that never begin to speak, or that never end a request. grpc-js
 * has no such options, so this goes through its private map of http2 servers.
 *
 * @returns whether it could be done; the server works either way.
 */
export function guardConnections(server: Server, limits: ServeLimits): boolean {
  const servers: unknown = Reflect.get(server, "http2Servers");
  if (!(servers instanceof Map) || servers.size === 0) return false;
  const found: unknown[] = [...servers.keys()];
  if (!found.every(isGuarded)) return false;
  for (const http2Server of found) {
    limitSessions(http2Server, limits);
    if (limits.requestTimeoutMs !== undefined) limitRequests(http2Server, limits.requestTimeoutMs);
  }
  return true;
}

/**
 * Follows the connections of a bound server.
 *
 * @returns what ends them all at once: grpc-js ends its half only, and a client that does not read never ends the other.
 */
export function connectionEnder(server: Server): () => void {
  const sockets = new Set<Socket>();
  const servers: unknown = Reflect.get(server, "http2Servers");
  for (const http2Server of servers instanceof Map ? [...servers.keys()] : []) {
    if (!isGuarded(http2Server)) continue;
    http2Server.on("connection", (socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    });
  }
  return () => {
    for (const socket of sockets) socket.destroy();
  };
}

function limitSessions(server: GuardedServer, { maxConnections, requestTimeoutMs }: ServeLimits): void {
  let open = 0;
  server.on("session", (session) => {
    if (maxConnections !== undefined && open >= maxConnections) {
      session.destroy();
      return;
    }
    open += 1;
    // Every client begins with its settings.
    const timer =
      requestTimeoutMs === undefined ? undefined : setTimeout(() => session.destroy(), requestTimeoutMs);
    session.once("remoteSettings", () => clearTimeout(timer));
    session.once("close", () => {
      clearTimeout(timer);
      open -= 1;
    });
  });
}

function limitRequests(server: GuardedServer, timeoutMs: number): void {
  const arriving = watchOverdue<ServerHttp2Stream>(timeoutMs, (stream) =>
    stream.close(constants.NGHTTP2_CANCEL),
  );
  server.on("stream", (stream, headers) => {
    if (OPEN_ENDED.test(headers[":path"] ?? "")) return;
    arriving.begin(stream);
    const leave = (): void => arriving.end(stream);
    stream.once("end", leave);
    stream.once("close", leave);
  });
  server.on("close", arriving.stop);
}

function isGuarded(server: unknown): server is GuardedServer {
  return typeof server === "object" && server !== null && "on" in server && typeof server.on === "function";
}
