import net from "node:net";
import { type IClientOptions, type IConnackPacket, MqttClient, Store } from "mqtt";
import type { TransportError } from "../../core/errors.ts";
import type { Tuning } from "../../core/transport.ts";
import { type BrokerAddress, parseBrokerUrl } from "./broker-address.ts";
import { CLOSED_EARLY, isVersionRefused, transportErrorOf } from "./reason-codes.ts";

/** What is read from or buffered for a socket at a time with `tuned`: fewer turns of the event loop for a large message. */
export const TUNED_HIGH_WATER_MARK_BYTES = 1024 * 1024;

/** Seconds between pings: a message that takes longer than one and a half of it would end its own connection. */
const KEEPALIVE_S = 300;

export interface ConnectBrokerOptions {
  readonly clientId: string;
  readonly timeoutMs: number;
  readonly tuning: Tuning;
  /** Published, retained, by the broker when the connection breaks. */
  readonly will?: { readonly topic: string; readonly payload: Buffer } | undefined;
  /** Aborted with a `TransportError`: gives up connecting and rejects with it. */
  readonly signal?: AbortSignal | undefined;
}

/** An open connection of mqtt.js, and what the broker said of itself. */
export interface OpenConnection {
  readonly client: MqttClient;
  readonly socket: net.Socket;
  readonly address: BrokerAddress;
  readonly protocolVersion: 4 | 5;
  readonly connack: IConnackPacket;
}

/**
 * Connects with MQTT 5, and with 3.1.1 where the broker refuses that. The connection does not come back by itself.
 *
 * @throws {TransportError} UNAVAILABLE when no broker answers in time, INVALID_ARGUMENT for a URL that is none,
 * UNAUTHENTICATED or PERMISSION_DENIED.
 */
export async function connectBroker(url: string, options: ConnectBrokerOptions): Promise<OpenConnection> {
  const address = parseBrokerUrl(url);
  const startedMs = performance.now();
  try {
    return await open(address, 5, options);
  } catch (error) {
    if (!isVersionRefused(error)) throw unreachable(error, address);
  }
  const timeoutMs = Math.max(1, options.timeoutMs - (performance.now() - startedMs));
  try {
    return await open(address, 4, { ...options, timeoutMs });
  } catch (error) {
    throw unreachable(error, address);
  }
}

function unreachable(error: unknown, { url }: BrokerAddress): TransportError {
  return transportErrorOf(error, `the MQTT broker ${url} cannot be reached`);
}

function open(
  address: BrokerAddress,
  protocolVersion: 4 | 5,
  options: ConnectBrokerOptions,
): Promise<OpenConnection> {
  const { host, port } = address;
  // `highWaterMark` goes through to the stream, although the types of `net.connect` do not know it.
  const tuned = options.tuning === "tuned" ? { highWaterMark: TUNED_HIGH_WATER_MARK_BYTES } : {};
  const socket = net.connect({ host, port, noDelay: true, keepAlive: true, ...tuned });
  const client = new MqttClient(() => socket, clientOptions(address, protocolVersion, options));
  return new Promise((resolve, reject) => {
    const onConnect = (connack: IConnackPacket) => {
      client.off("error", onFailure);
      client.off("close", onClose);
      options.signal?.removeEventListener("abort", onAbort);
      resolve({ client, socket, address, protocolVersion, connack });
    };
    const onFailure = (error: unknown) => {
      client.off("connect", onConnect);
      client.off("error", onFailure);
      client.off("close", onClose);
      options.signal?.removeEventListener("abort", onAbort);
      // What else the dying connection has to say must not become an uncaught 'error' event.
      client.on("error", () => {});
      client.end(true);
      socket.destroy();
      reject(error);
    };
    const onClose = () => onFailure(Object.assign(new Error("the broker hung up"), { code: CLOSED_EARLY }));
    const onAbort = () => onFailure(options.signal?.reason);
    if (options.signal?.aborted) {
      onAbort();
      return;
    }
    options.signal?.addEventListener("abort", onAbort);
    client.once("connect", onConnect);
    client.once("error", onFailure);
    client.once("close", onClose);
  });
}

function clientOptions(
  { username, password }: BrokerAddress,
  protocolVersion: 4 | 5,
  { clientId, timeoutMs, will }: ConnectBrokerOptions,
): IClientOptions {
  return {
    protocolVersion,
    clientId,
    clean: true,
    keepalive: KEEPALIVE_S,
    connectTimeout: timeoutMs,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    // Stores that survive `end`: mqtt.js still puts packets it has parsed into them, and would throw.
    incomingStore: new Store({ clean: false }),
    outgoingStore: new Store({ clean: false }),
    ...(will === undefined ? {} : { will: { ...will, qos: 1, retain: true } }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  };
}
