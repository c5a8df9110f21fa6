import { execFile } from "node:child_process";

/** One established TCP connection as the kernel knows it (TCP_INFO); bytes and segments since it was opened. */
export interface KernelSocket {
  /** Processes that hold it; empty when they may not be looked into. */
  readonly pids: readonly number[];
  readonly localPort: number;
  readonly remotePort: number;
  readonly congestionControl: string;
  /** Largest segment, bytes; the sender's window in segments; the window that the other end offers, bytes. */
  readonly mssBytes?: number | undefined;
  readonly congestionWindowSegments?: number | undefined;
  readonly sendWindowBytes?: number | undefined;
  /** Payload sent, what was sent again included, and received. */
  readonly sentBytes: number;
  readonly resentBytes: number;
  readonly receivedBytes: number;
  readonly segmentsOut: number;
  readonly segmentsIn: number;
}

const TIMEOUT_MS = 5_000;

/**
 * The established connections that lead to a port, seen from the end that opened them. Empty where `ss` is not installed.
 * @param port - of the server or broker.
 */
export function kernelSockets(port: number): Promise<readonly KernelSocket[]> {
  const args = ["-tinpHO", "state", "established", "dport", "=", `:${port}`];
  return new Promise((resolve) => {
    execFile("ss", args, { encoding: "utf8", timeout: TIMEOUT_MS, maxBuffer: 2 ** 26 }, (error, stdout) => {
      resolve(error === null ? parseSockets(stdout) : []);
    });
  });
}

/** Reads the lines of `ss -tinpHO`; what it does not understand is left out. */
export function parseSockets(text: string): readonly KernelSocket[] {
  return text.split("\n").flatMap((line) => {
    const ends = /^\s*(?:ESTAB\s+)?\d+\s+\d+\s+\S+:(\d+)\s+\S+:(\d+)\s+(.*)$/.exec(line);
    if (ends === null) return [];
    const [, localPort, remotePort, rest = ""] = ends;
    const pids = [...rest.matchAll(/pid=(\d+)/g)].map(([, pid]) => Number(pid));
    const info = rest.replace(/users:\(.*?\)\)\s*/, "");
    const number = (name: string): number | undefined => {
      const value = new RegExp(`(?:^|\\s)${name}:(\\d+)`).exec(info)?.[1];
      return value === undefined ? undefined : Number(value);
    };
    // The algorithm stands alone, among flags (`ts sack`) and `name:value` pairs.
    const congestionControl = /(?:^|\s)(\w+) wscale:/.exec(info)?.[1] ?? "";
    return [
      {
        pids,
        localPort: Number(localPort),
        remotePort: Number(remotePort),
        congestionControl,
        mssBytes: number("mss"),
        congestionWindowSegments: number("cwnd"),
        sendWindowBytes: number("snd_wnd"),
        sentBytes: number("bytes_sent") ?? 0,
        resentBytes: number("bytes_retrans") ?? 0,
        receivedBytes: number("bytes_received") ?? 0,
        segmentsOut: number("segs_out") ?? 0,
        segmentsIn: number("segs_in") ?? 0,
      },
    ];
  });
}
