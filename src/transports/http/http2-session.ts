import { type ClientHttp2Session, connect } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import type { HttpConnectionOptions } from "./http-connection.ts";
import { sessionOptions, widenWindow } from "./http2-settings.ts";

/** How long the last bytes of a session that is closed may take to leave. */
const LINGER_MS = 1_000;

/** An HTTP/2 session of a client, and the socket below it, which Node does not hand out. */
export interface OwnedSession {
  readonly session: ClientHttp2Session;
  /** Resolves once the socket is closed. */
  readonly gone: Promise<void>;
  /** Says goodbye (GOAWAY) and closes, without waiting for the server to do the same. Resolves as `gone` does. */
  close(): Promise<void>;
  /** Closes the socket now, also where the session was closed already and waits for the server. */
  destroy(): void;
}

/**
 * Opens a session. Requests can be made at once; where there is no connection within `connectTimeoutMs` they fail.
 *
 * @param openSocket - @default TCP
 */
export function openSession(
  { origin, connectTimeoutMs, tuned }: HttpConnectionOptions,
  openSocket: (address: { readonly host: string; readonly port: number }) => Socket = connectTcp,
): OwnedSession {
  const { hostname, port } = new URL(origin);
  const socket = openSocket({ host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || 80) });
  const gone = new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
  });
  const session = connect(origin, { ...sessionOptions(tuned), createConnection: () => socket });
  if (tuned) session.once("connect", () => widenWindow(session));
  // Each request hears of it, too.
  session.on("error", () => undefined);
  const destroy = (reason?: Error): void => {
    session.destroy(reason);
    // A session waits for a socket that still connects, and for the server's end where it was closed before.
    socket.destroy();
  };
  const timer = setTimeout(
    () => destroy(new Error(`no connection within ${connectTimeoutMs} ms`)),
    connectTimeoutMs,
  );
  socket.once("connect", () => clearTimeout(timer));
  void gone.then(() => clearTimeout(timer));
  return {
    session,
    gone,
    async close() {
      session.close();
      // Once all is said: the server need not end its side for it.
      if (socket.connecting || socket.writableFinished) socket.destroy();
      socket.once("finish", () => socket.destroy());
      const linger = setTimeout(() => socket.destroy(), LINGER_MS);
      await gone;
      clearTimeout(linger);
    },
    destroy: () => destroy(),
  };
}
