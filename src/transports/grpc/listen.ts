import * as grpc from "@grpc/grpc-js";
import type { ServeOptions } from "../../core/transport.ts";
import { hostPort, listenError, reachableHost } from "./address.ts";
import { connectionEnder, guardConnections } from "./connection-guard.ts";
import { WINDOW_BYTES, widenServerWindows } from "./windows.ts";

/** How long requests in flight may take when the server closes, unless it is told otherwise. */
const CLOSE_MS = 5_000;

/** Calls that a connection may have open; a client keeps what is beyond until others have ended. */
const MOST_STREAMS = 1_024;

/** Options of a server, the same for all of them. */
export function serverOptions(maxPayloadBytes: number): grpc.ServerOptions {
  return {
    "grpc.max_receive_message_length": maxPayloadBytes,
    "grpc.max_send_message_length": maxPayloadBytes,
    "grpc.max_concurrent_streams": MOST_STREAMS,
  };
}

/** A server that listens. */
export interface GrpcListener {
  /** `host:port` under which clients on this machine reach it. */
  readonly address: string;
  /** As of `InferenceServer`. */
  readonly notes: readonly string[];
  /** Takes no more, waits for what is in flight, at most `closeTimeoutMs`; to be called once. */
  readonly shutDown: () => Promise<void>;
}

/**
 * Lets a server listen, with wide windows where it is tuned, guarded as the limits say.
 *
 * @param name - of the server, for its notes.
 * @throws {TransportError} UNAVAILABLE when the address cannot be had.
 */
export async function listen(
  server: grpc.Server,
  name: string,
  { host, port, tuning, limits = {} }: Pick<ServeOptions, "host" | "port" | "tuning" | "limits">,
): Promise<GrpcListener> {
  const bound = await bind(server, hostPort(host, port));
  const endConnections = connectionEnder(server);
  const notes: string[] = [];
  if (tuning === "tuned") {
    notes.push(
      widenServerWindows(server, WINDOW_BYTES)
        ? `${name} server: HTTP/2 windows of ${WINDOW_BYTES} bytes, messages written straight into the frame`
        : `${name} server: HTTP/2 windows could not be widened with this version of @grpc/grpc-js`,
    );
  }
  const isLimited = limits.maxConnections !== undefined || limits.requestTimeoutMs !== undefined;
  if (isLimited && !guardConnections(server, limits)) {
    notes.push(`${name} server: connections could not be limited with this version of @grpc/grpc-js`);
  }
  return {
    address: hostPort(reachableHost(host), bound),
    notes,
    shutDown: () => shutDown(server, limits.closeTimeoutMs ?? CLOSE_MS, endConnections),
  };
}

function bind(server: grpc.Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(listenError(address, error));
    });
  });
}

function shutDown(server: grpc.Server, timeoutMs: number, endConnections: () => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
      endConnections();
    }, timeoutMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
