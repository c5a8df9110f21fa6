import * as grpc from "@grpc/grpc-js";
import { TransportError } from "../../core/errors.ts";
import type { ConnectOptions } from "../../core/transport.ts";
import { addressOf } from "./address.ts";
import { useLeanTables } from "./lean-tables.ts";
import { silenceLibrary } from "./service.ts";
import { WINDOW_BYTES } from "./windows.ts";

const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;

/**
 * Opens a channel with a TCP connection of its own and waits until it is ready.
 *
 * @throws {TransportError} UNAVAILABLE at the first failure to connect, or after the time to connect.
 */
export async function openConnection(endpoint: string, options: ConnectOptions): Promise<grpc.Client> {
  silenceLibrary();
  const client = new grpc.Client(addressOf(endpoint), grpc.credentials.createInsecure(), {
    "grpc.max_receive_message_length": options.maxPayloadBytes,
    "grpc.max_send_message_length": options.maxPayloadBytes,
    // Channels to one address would share a connection.
    "grpc.use_local_subchannel_pool": 1,
    // A proxy in the environment would be a hop that nobody asked for.
    "grpc.enable_http_proxy": 0,
    ...(options.tuning === "tuned" ? { "grpc-node.flow_control_window": WINDOW_BYTES } : {}),
  });
  try {
    await ready(client, endpoint, options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS);
  } catch (error) {
    client.close();
    throw error;
  }
  if (options.tuning === "tuned") useLeanTables(client);
  return client;
}

function ready(client: grpc.Client, endpoint: string, timeoutMs: number): Promise<void> {
  const channel = client.getChannel();
  const deadline = Date.now() + timeoutMs;
  return new Promise((resolve, reject) => {
    const look = (late?: Error): void => {
      const state = channel.getConnectivityState(true);
      if (state === grpc.connectivityState.READY) resolve();
      else if (late !== undefined) {
        reject(new TransportError("UNAVAILABLE", `no connection to ${endpoint} within ${timeoutMs} ms`));
      } else if (state === grpc.connectivityState.TRANSIENT_FAILURE) {
        reject(new TransportError("UNAVAILABLE", `cannot connect to ${endpoint}: nobody answers there`));
      } else channel.watchConnectivityState(state, deadline, look);
    };
    look();
  });
}
