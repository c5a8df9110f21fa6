import { subscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import type { TcpPayload } from "../../recording/wire-bytes.ts";

/** Counts what this process hands to TCP, and gets from it, over the connections that it opened itself. */
export interface SocketBytes {
  /** All so far; closed connections included. */
  count(): TcpPayload;
}

/**
 * Begins to count: connections that were opened before are not seen. Works for every library that opens them by `node:net`
 * (undici, grpc-js, MQTT.js).
 *
 * @see https://nodejs.org/docs/latest-v20.x/api/diagnostics_channel.html#net
 */
export function createSocketBytes(): SocketBytes {
  const open = new Set<Socket>();
  const closed = { connections: 0, writtenBytes: 0, readBytes: 0 };
  subscribe("net.client.socket", (message) => {
    const { socket } = message as { readonly socket: Socket };
    open.add(socket);
    socket.once("close", () => {
      open.delete(socket);
      closed.connections += 1;
      closed.writtenBytes += socket.bytesWritten;
      closed.readBytes += socket.bytesRead;
    });
  });
  return {
    count() {
      const sum = { ...closed };
      for (const socket of open) {
        sum.connections += 1;
        sum.writtenBytes += socket.bytesWritten;
        sum.readBytes += socket.bytesRead;
      }
      return sum;
    },
  };
}
