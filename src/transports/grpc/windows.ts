import type { Server } from "@grpc/grpc-js";

/** HTTP/2's own default of 64 KiB holds large messages up; 4 to 16 MiB is enough. */
export const WINDOW_BYTES = 16 * 1024 * 1024;

/** The part of `http2.Http2Server` that is used, looked for before it is. */
interface WindowedServer {
  updateSettings(settings: { readonly initialWindowSize: number }): void;
  on(event: "session", listener: (session: WindowedSession) => void): void;
}
interface WindowedSession {
  setLocalWindowSize(windowBytes: number): void;
}

/**
 * Widens the receive windows of a bound server, of each stream and of each connection. grpc-js has an option for its
 * client only, so this goes through its private map of http2 servers.
 *
 * @returns whether it could be done; the server works either way.
 */
export function widenServerWindows(server: Server, windowBytes: number): boolean {
  const servers: unknown = Reflect.get(server, "http2Servers");
  if (!(servers instanceof Map) || servers.size === 0) return false;
  const found: unknown[] = [...servers.keys()];
  if (!found.every(isWindowed)) return false;
  for (const http2Server of found) {
    http2Server.updateSettings({ initialWindowSize: windowBytes });
    http2Server.on("session", (session) => {
      session.setLocalWindowSize(windowBytes);
    });
  }
  return true;
}

function isWindowed(server: unknown): server is WindowedServer {
  return (
    typeof server === "object" &&
    server !== null &&
    "updateSettings" in server &&
    typeof server.updateSettings === "function" &&
    "on" in server &&
    typeof server.on === "function"
  );
}
