/** Bytes of all frames that an interface has received and sent: link-layer headers counted, preamble and checksum not. */
export interface InterfaceCounters {
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

/** Reads `/proc/net/dev`: counters by the interface's name. */
export function parseInterfaces(text: string): ReadonlyMap<string, InterfaceCounters> {
  const found = new Map<string, InterfaceCounters>();
  for (const line of text.split("\n")) {
    const match = /^\s*([^:|]+):\s*(.*)$/.exec(line);
    if (match === null) continue;
    const [, name = "", rest = ""] = match;
    const numbers = rest.trim().split(/\s+/).map(Number);
    found.set(name.trim(), { receivedBytes: numbers[0] ?? 0, sentBytes: numbers[8] ?? 0 });
  }
  return found;
}
