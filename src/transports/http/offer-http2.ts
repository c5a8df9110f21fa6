import type { Server } from "node:http";
import {
  createServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import type { Socket } from "node:net";
import { limitHttp2Time } from "./http2-guard.ts";
import { serverSessionOptions, widenWindow } from "./http2-settings.ts";

/** What an HTTP/2 connection begins with (RFC 9113, 3.4); no method of HTTP/1.1 begins with its first three letters. */
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");
const DECISIVE_BYTES = 3;

/** The HTTP/2 half of a server. */
export interface Http2Offer {
  /** Says that the server goes (GOAWAY): requests in flight finish. Connections that have said nothing are closed. */
  leave(): void;
  /** Ends what is left, also connections whose client does not end its side. */
  destroy(): void;
}

export interface Http2OfferOptions {
  readonly tuned: boolean;
  /** How long a client may take to begin to speak, and to send a request; absent: as long as it likes. */
  readonly requestTimeoutMs?: number | undefined;
}

/**
 * Lets a listening HTTP/1.1 server speak HTTP/2 without TLS on the same port, to clients that begin with it ("prior
 * knowledge"). Which of the two a connection speaks is seen from its first bytes; Node's HTTP/1.1 then goes its own way.
 * Call it before other listeners of the server's connections are added.
 *
 * @param handle - gets the requests of HTTP/2, in the form of Node's compatibility layer.
 */
export function offerHttp2(
  server: Server,
  handle: (request: Http2ServerRequest, response: Http2ServerResponse) => void,
  { tuned, requestTimeoutMs }: Http2OfferOptions,
): Http2Offer {
  const sessions = new Set<ServerHttp2Session>();
  const undecided = new Set<Socket>();
  /** Those of the sessions: a session that was closed waits for its client's end, and cannot be destroyed any more. */
  const sockets = new Set<Socket>();
  const http2Server = createServer(serverSessionOptions(tuned), handle);
  http2Server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    if (tuned) widenWindow(session);
  });
  if (requestTimeoutMs !== undefined) server.once("close", limitHttp2Time(http2Server, requestTimeoutMs));

  const http1 = server.listeners("connection");
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    undecided.add(socket);
    // Node counts a connection's silence once it has it; until then nobody would.
    const timer = setTimeout(
      () => {
        const reason = Object.assign(new Error("Request timeout"), { code: "ERR_HTTP_REQUEST_TIMEOUT" });
        server.emit("clientError", reason, socket);
      },
      server.headersTimeout || 2 ** 31 - 1,
    );
    const decided = (): void => {
      clearTimeout(timer);
      undecided.delete(socket);
      socket.off("end", drop);
      socket.off("error", drop);
      socket.off("close", decided);
    };
    const drop = (): void => void socket.destroy();
    // A client that says nothing and leaves: half-open connections are allowed here.
    socket.on("end", drop);
    socket.on("error", drop);
    socket.on("close", decided);
    lookAhead(socket, (isHttp2) => {
      decided();
      if (isHttp2) {
        sockets.add(socket);
        socket.once("close", () => sockets.delete(socket));
        http2Server.emit("connection", socket);
      } else for (const listener of http1) Reflect.apply(listener, server, [socket]);
    });
  });

  return {
    leave() {
      for (const socket of undecided) socket.destroy();
      for (const session of sessions) session.close();
    },
    destroy() {
      for (const session of sessions) session.destroy();
      for (const socket of [...sockets, ...undecided]) socket.destroy();
    },
  };
}

/** Reads as many bytes as it takes to tell, and puts them back. */
function lookAhead(socket: Socket, decide: (isHttp2: boolean) => void): void {
  let seen: Buffer = Buffer.alloc(0);
  const look = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    seen = seen.byteLength === 0 ? chunk : Buffer.concat([seen, chunk]);
    const known = Math.min(seen.byteLength, PREFACE.byteLength);
    const isHttp2 = seen.compare(PREFACE, 0, known, 0, known) === 0;
    if (isHttp2 && known < DECISIVE_BYTES) return;
    socket.off("readable", look);
    socket.unshift(seen);
    decide(isHttp2);
  };
  socket.on("readable", look);
}
