import type { TransportName, Tuning } from "../core/transport.ts";
import type { Child } from "./child.ts";
import type { NetworkNode } from "./network/namespaces.ts";
import type { BrokerCommands, ServerCommands, ServerReady, ServerStart } from "./processes/commands.ts";

/** Everything that the bench starts listens here. */
export const HOST = "127.0.0.1";

export interface BrokerOptions {
  readonly tuning: Tuning;
  readonly maxPayloadBytes: number;
  /** Where it stands. @default loopback */
  readonly node?: NetworkNode | undefined;
}

/** Tells a broker's process to begin; gives its URL. */
export function startBroker(
  broker: Child<BrokerCommands>,
  { tuning, maxPayloadBytes, node }: BrokerOptions,
): Promise<string> {
  return broker.ask("start", { host: node?.address ?? HOST, port: 0, maxPayloadBytes, tuning });
}

export interface ServerOptions extends Omit<ServerStart, "listeners"> {
  readonly transport: TransportName;
  /** For mqtt. */
  readonly brokerUrl?: string | undefined;
  /** Where it stands. @default loopback */
  readonly node?: NetworkNode | undefined;
}

/** Tells a server's process to begin with one transport. */
export function startServer(
  server: Child<ServerCommands>,
  { transport, brokerUrl, node, ...start }: ServerOptions,
): Promise<ServerReady> {
  return server.ask("start", {
    ...start,
    listeners: [{ transport, host: node?.address ?? HOST, port: 0, brokerUrl }],
  });
}
