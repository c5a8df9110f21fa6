import { readFileSync } from "node:fs";
import type { KernelSocket } from "./kernel-sockets.ts";

/** What the kernel says about TCP on this machine; empty where it says nothing. */
export type TcpSettings = {
  readonly congestionControl: string;
  /** Least, default and most bytes of a socket's buffers: what bounds its windows. */
  readonly receiveBufferBytes: string;
  readonly sendBufferBytes: string;
  readonly windowScaling: string;
  /** Of the loopback interface, bytes. */
  readonly loopbackMtu: string;
};

/** Reads the machine's TCP settings. */
export function readTcpSettings(): TcpSettings {
  const setting = (name: string): string => text(`/proc/sys/net/ipv4/${name}`).replaceAll("\t", " ");
  return {
    congestionControl: setting("tcp_congestion_control"),
    receiveBufferBytes: setting("tcp_rmem"),
    sendBufferBytes: setting("tcp_wmem"),
    windowScaling: setting("tcp_window_scaling"),
    loopbackMtu: text("/sys/class/net/lo/mtu"),
  };
}

/**
 * One line about the connections of a run as the kernel counts and runs them.
 * @param opened - connections of the generator's processes; empty: the kernel's count is not to be had.
 */
export function describeConnections(opened: readonly KernelSocket[]): string | undefined {
  if (opened.length === 0) return undefined;
  const span = (values: readonly (number | undefined)[]): string => {
    const known = values.filter((value) => value !== undefined);
    const [least, most] = [Math.min(...known), Math.max(...known)];
    return known.length === 0 ? "?" : least === most ? `${least}` : `${least} to ${most}`;
  };
  const algorithms = [...new Set(opened.map(({ congestionControl }) => congestionControl))].join(", ");
  return (
    `kernel: ${opened.length} TCP ${opened.length === 1 ? "connection" : "connections"} of the generator, ${algorithms}, ` +
    `segments of ${span(opened.map(({ mssBytes }) => mssBytes))} bytes, congestion window ` +
    `${span(opened.map((socket) => socket.congestionWindowSegments))} segments, the server's window ` +
    `${span(opened.map(({ sendWindowBytes }) => sendWindowBytes))} bytes, sent again ` +
    `${opened.reduce((sum, { resentBytes }) => sum + resentBytes, 0)} bytes`
  );
}

function text(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}
