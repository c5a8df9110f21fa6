import net from "node:net";
import { Aedes, type AedesPublishPacket, type PublishPacket } from "aedes";
import { type Clock, monotonicClock } from "../../core/clock.ts";
import { TransportError } from "../../core/errors.ts";
import { joinParts } from "../../core/oip/protobuf.ts";
import type { Tuning } from "../../core/transport.ts";
import { brokerUrl } from "./broker-address.ts";
import { BrokerMarkRecorder, type BrokerMarks } from "./broker-marks.ts";
import { encodeFailure } from "./codec.ts";
import { TUNED_HIGH_WATER_MARK_BYTES } from "./connect-broker.ts";
import { MAX_FIELD_BYTES } from "./publish-head.ts";
import { parseTopic, responseTopic } from "./topics.ts";

/** Requests whose marks are kept between two calls of `takeMarks`; about 150 bytes each. */
const MAX_MARKED_REQUESTS = 1_000_000;

/** Messages over the limit go where nobody listens, so that QoS 1 and 2 end as they should. */
const NOWHERE = "oip/v2/refused";

export interface BrokerOptions {
  readonly host: string;
  /** 0 lets the operating system choose. */
  readonly port: number;
  /** A larger message is not passed on; a larger request is answered with RESOURCE_EXHAUSTED. */
  readonly maxPayloadBytes: number;
  /** @default "tuned" */
  readonly tuning?: Tuning | undefined;
  /** @default monotonicClock */
  readonly clock?: Clock | undefined;
}

/** A broker of MQTT 3.1.1 in this process. It refuses MQTT 5 and shared subscriptions. */
export interface Broker {
  /** `mqtt://host:port`. */
  readonly url: string;
  readonly port: number;
  /** When requests and answers passed, since the last call. */
  takeMarks(): BrokerMarks;
  /** Hangs up on every client and releases the port. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts a broker (aedes), TCP_NODELAY on every socket.
 * @throws {TransportError} UNAVAILABLE when the port is in use or the address cannot be had.
 */
export async function createBroker(options: BrokerOptions): Promise<Broker> {
  const { host, maxPayloadBytes, tuning = "tuned", clock = monotonicClock } = options;
  const recorder = new BrokerMarkRecorder(MAX_MARKED_REQUESTS);
  const aedes = await Aedes.createBroker({
    // A message counts until its slowest subscriber has taken it. Reading waits for that anyway, connection by
    // connection; a second bound over all of them would only let one slow subscriber hold up the others.
    concurrency: 0,
    maxInflightInbound: 65_535,
    queueLimit: 65_535,
    authorizePublish(client, packet, done) {
      if (packet.topic.startsWith("$SYS/")) {
        done(new Error("$SYS/ topics are reserved"));
        return;
      }
      if (packet.payload.length > maxPayloadBytes) refuse(aedes, packet, maxPayloadBytes);
      else if (client !== null) recorder.record(packet.topic, "in", clock.nowNs());
      done(null);
    },
    authorizeSubscribe(_client, subscription, done) {
      // aedes takes `$share/…` for an ordinary topic: granted, it would never get a message.
      done(null, subscription.topic.startsWith("$share/") ? null : subscription);
    },
    authorizeForward(_client, packet) {
      // aedes writes in the immediate that it asks for right after this one.
      setImmediate(recordOut, packet);
      return packet;
    },
  });
  const recordOut = ({ topic }: AedesPublishPacket): void => recorder.record(topic, "out", clock.nowNs());

  const tuned = tuning === "tuned" ? { highWaterMark: TUNED_HIGH_WATER_MARK_BYTES } : {};
  const server = net.createServer({ noDelay: true, keepAlive: true, ...tuned }, (socket) => {
    aedes.handle(socket);
  });
  const sockets = new Set<net.Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    const released = new Promise<void>((resolve) => server.close(() => resolve()));
    await new Promise<void>((resolve) => aedes.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await released;
  };
  try {
    await listen(server, host, options.port);
  } catch (error) {
    await new Promise<void>((resolve) => aedes.close(() => resolve()));
    throw error;
  }
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : options.port;
  return {
    url: brokerUrl(host, port),
    port,
    takeMarks: () => recorder.take(),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

function listen(server: net.Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const message =
        cause.code === "EADDRINUSE"
          ? `the MQTT broker cannot listen on ${host}:${port}: the port is in use`
          : `the MQTT broker cannot listen on ${host}:${port}: ${cause.message}`;
      reject(new TransportError("UNAVAILABLE", message, { cause }));
    });
    server.listen(port, host, resolve);
  });
}

/** Keeps a message from being passed on, and tells the sender if it is a request. */
function refuse(aedes: Aedes, packet: PublishPacket, maxPayloadBytes: number): void {
  const parsed = parseTopic(packet.topic);
  const bytes = packet.payload.length;
  packet.topic = NOWHERE;
  packet.payload = Buffer.alloc(0);
  packet.retain = false;
  if (parsed?.kind !== "request" || parsed.sender === undefined) return;
  const { clientId, id } = parsed.sender;
  const topic = responseTopic(clientId, id);
  // Escaped anew it can be too long to be written down; nobody can wait there.
  if (Buffer.byteLength(topic) > MAX_FIELD_BYTES) return;
  const failure = new TransportError(
    "RESOURCE_EXHAUSTED",
    `the request has ${bytes} bytes, more than the broker's payload limit of ${maxPayloadBytes} bytes`,
  );
  const payload = Buffer.from(joinParts(encodeFailure(failure, { modelName: parsed.model, id })));
  const answer = {
    cmd: "publish",
    topic,
    payload,
    qos: 0,
    dup: false,
    retain: false,
  } as const;
  // Once the refused packet has gone its way: aedes drops messages that overtake an older one to the same subscriber.
  setImmediate(() => aedes.publish(answer, () => {}));
}
