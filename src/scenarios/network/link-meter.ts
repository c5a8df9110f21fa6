import type { ProcessCosts } from "../../recording/process-costs.ts";
import type { RunRecord } from "../../recording/run-record.ts";
import { type LinkBytes, tcpPayloadBytes, type WireBytes } from "../../recording/wire-bytes.ts";
import { type KernelSocket, kernelSockets } from "./kernel-sockets.ts";
import type { Namespaces, NodeName } from "./namespaces.ts";
import { describeConnections } from "./network-facts.ts";

export interface LinkMeterOptions {
  /** Where the generators connect to; absent for `local`. */
  readonly endpoint: string | undefined;
  /** What stands between generator and server. */
  readonly middle: "broker" | "relay" | undefined;
  readonly generatorPids: readonly (number | undefined)[];
  /** Where the processes of the run are, if not on loopback. */
  readonly namespaces?: Namespaces | undefined;
}

/** What a run's links carried. */
export interface LinkReading {
  readonly wire?: WireBytes | undefined;
  /** The generators' connections as the kernel sees them; empty where it does not tell, as from other namespaces. */
  readonly sockets: readonly KernelSocket[];
  /** Payload of the window that the kernel counted over them. */
  readonly kernelBytes?: LinkBytes | undefined;
  /** For the report. */
  readonly notes: readonly string[];
}

/** Counts what crosses the links of one run. */
export interface LinkMeter {
  /** The window begins. */
  begin(): Promise<void>;
  /** It has ended, and the connections are still open. */
  end(record: RunRecord, costs: ProcessCosts): Promise<LinkReading>;
}

export function createLinkMeter(options: LinkMeterOptions): LinkMeter {
  const { endpoint, middle, namespaces } = options;
  let before: readonly LinkBytes[] = [];
  let opened: readonly KernelSocket[] = [];
  const read = (): readonly LinkBytes[] => {
    if (namespaces === undefined) return [];
    const way: readonly (readonly [NodeName, NodeName])[] =
      middle === undefined
        ? [["client", "server"]]
        : [
            ["client", "middle"],
            ["middle", "server"],
          ];
    return way.map(([from, to]) => namespaces.count(from, to));
  };
  return {
    async begin() {
      opened = await generatorSockets(options);
      before = read();
    },
    async end(record, costs) {
      if (endpoint === undefined || endpoint.startsWith("local:")) return { sockets: [], notes: [] };
      const requests = sentRequests(record);
      if (namespaces !== undefined) {
        return { wire: framesBetween(before, read(), requests), sockets: [], notes: [] };
      }
      const sockets = await generatorSockets(options);
      const said = describeConnections(sockets);
      return {
        wire: tcpPayloadBytes(requests, costs.client?.tcp, behindMiddle(middle, costs)),
        sockets,
        kernelBytes: payloadBetween(opened, sockets),
        notes: said === undefined ? [] : [said],
      };
    },
  };
}

/** The generators' connections; none where they are in other namespaces. */
async function generatorSockets({
  endpoint,
  namespaces,
  generatorPids,
}: LinkMeterOptions): Promise<readonly KernelSocket[]> {
  if (endpoint === undefined || endpoint.startsWith("local:") || namespaces !== undefined) return [];
  const port = Number(new URL(endpoint).port);
  if (!(port > 0)) return [];
  return (await kernelSockets(port)).filter(({ pids }) => pids.some((pid) => generatorPids.includes(pid)));
}

/** `undefined` when the kernel does not tell, or the connections are not those of the beginning. */
function payloadBetween(
  before: readonly KernelSocket[],
  after: readonly KernelSocket[],
): LinkBytes | undefined {
  if (after.length === 0 || before.length !== after.length) return undefined;
  const first = new Map(before.map((socket) => [socket.localPort, socket]));
  let requestBytes = 0;
  let responseBytes = 0;
  for (const socket of after) {
    const start = first.get(socket.localPort);
    if (start === undefined) return undefined;
    requestBytes += socket.sentBytes - socket.resentBytes - (start.sentBytes - start.resentBytes);
    responseBytes += socket.receivedBytes - start.receivedBytes;
  }
  return { requestBytes, responseBytes };
}

/** Who connects to whom: the server to a broker, a relay to the server. */
function behindMiddle(middle: LinkMeterOptions["middle"], costs: ProcessCosts): LinkBytes | undefined {
  if (middle === "relay" && costs.broker?.tcp !== undefined) {
    return { requestBytes: costs.broker.tcp.writtenBytes, responseBytes: costs.broker.tcp.readBytes };
  }
  if (middle === "broker" && costs.server?.tcp !== undefined) {
    return { requestBytes: costs.server.tcp.readBytes, responseBytes: costs.server.tcp.writtenBytes };
  }
  return undefined;
}

function framesBetween(
  before: readonly LinkBytes[],
  after: readonly LinkBytes[],
  requests: number,
): WireBytes | undefined {
  const [client, behindBroker] = after.map(
    (link, index): LinkBytes => ({
      requestBytes: link.requestBytes - (before[index]?.requestBytes ?? 0),
      responseBytes: link.responseBytes - (before[index]?.responseBytes ?? 0),
    }),
  );
  if (client === undefined) return undefined;
  return {
    counted: "frames",
    requests,
    ...client,
    ...(behindBroker === undefined ? {} : { behindBroker }),
    ...(before[0] === undefined ? {} : { setUp: before[0] }),
  };
}

/**
 * Requests that were handed to a client, those without a row included: neither dropped nor given up while they waited for their
 * turn.
 */
function sentRequests({ rows, columns: { startNs }, unrecorded }: RunRecord): number {
  let sent = 0;
  for (let row = 0; row < rows; row += 1) if (!Number.isNaN(startNs[row])) sent += 1;
  if (unrecorded === undefined) return sent;
  return sent + unrecorded.requests - unrecorded.dropped - unrecorded.unstarted;
}
