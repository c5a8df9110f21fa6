import type { Socket } from "node:net";
import type { IPublishPacket, MqttClient } from "mqtt";
import { TransportError } from "../../core/errors.ts";
import { joinParts, type WireMessage } from "../../core/oip/protobuf.ts";
import type { Qos } from "../../core/transport.ts";
import { type ConnectBrokerOptions, connectBroker, type OpenConnection } from "./connect-broker.ts";
import {
  encodePublishHead,
  MAX_REMAINING_BYTES,
  type PublishHead,
  variableHeaderBytes,
} from "./publish-head.ts";
import { transportErrorOf } from "./reason-codes.ts";

/** How long a graceful end waits for acknowledgements and for the broker to hang up. */
const END_TIMEOUT_MS = 1_000;

/** Up to here one copy is cheaper than several writes. */
const JOINED_BYTES = 32_768;

/** What the owner of a connection wants to hear. */
export interface ConnectionEvents {
  /** A whole PUBLISH has arrived; the bytes belong to the listener. */
  onMessage(topic: string, payload: Buffer, packet: IPublishPacket): void;
  /** The connection is gone, whoever ended it. Once. */
  onClose(error: TransportError): void;
}

/** A message on its way to the broker; its `properties` are left out where the connection speaks MQTT 3.1.1. */
export interface Publication extends PublishHead {
  readonly message: WireMessage;
  readonly qos: Qos;
  /** Called right before the bytes are handed over; `false` takes the message back. */
  onWrite(): boolean;
  /** The broker has refused the message or is gone. Never called for a QoS 0 message. */
  onFailure(error: TransportError): void;
}

/** One TCP connection to a broker. */
export class BrokerConnection {
  readonly #open: OpenConnection;
  readonly #client: MqttClient;
  readonly #socket: Socket;
  /** QoS 0 messages of several parts go to the socket without being joined. */
  readonly #scattered: boolean;
  /** How many QoS 1 and 2 messages the broker takes before it has acknowledged one (MQTT 5: Receive Maximum). */
  readonly #window: number;
  readonly #waiting: Publication[] = [];
  #unacknowledged = 0;
  #lost: TransportError | undefined;
  /** Rejects when the connection is gone: mqtt.js leaves callbacks of unacknowledged messages unanswered. */
  readonly #whenLost: Promise<never>;

  private constructor(
    open: OpenConnection,
    options: ConnectBrokerOptions & { readonly events: ConnectionEvents },
  ) {
    this.#open = open;
    this.#client = open.client;
    this.#socket = open.socket;
    this.#scattered = options.tuning === "tuned";
    this.#window = open.connack.properties?.receiveMaximum ?? 65_535;
    let reason: unknown;
    this.#client.on("message", options.events.onMessage);
    this.#client.on("error", (error) => {
      reason = error;
    });
    this.#client.on("disconnect", ({ reasonCode }) => {
      reason = Object.assign(new Error(`the broker ended it with reason ${reasonCode}`), {
        code: reasonCode,
      });
    });
    const { promise, reject } = withReject();
    this.#whenLost = promise;
    this.#client.once("close", () => {
      const what = `the connection to the MQTT broker ${this.url} is lost`;
      const lost =
        reason === undefined ? new TransportError("UNAVAILABLE", what) : transportErrorOf(reason, what);
      this.#lost = lost;
      reject(lost);
      for (const publication of this.#waiting.splice(0)) publication.onFailure(lost);
      options.events.onClose(lost);
    });
  }

  /** Connects. @throws {TransportError} as {@link connectBroker}. */
  static async connect(
    url: string,
    options: ConnectBrokerOptions & { readonly events: ConnectionEvents },
  ): Promise<BrokerConnection> {
    return new BrokerConnection(await connectBroker(url, options), options);
  }

  /** `mqtt://host:port` of the broker. */
  get url(): string {
    return this.#open.address.url;
  }

  get protocolVersion(): "5" | "3.1.1" {
    return this.#open.protocolVersion === 5 ? "5" : "3.1.1";
  }

  /** Resolves when the broker has granted every filter. @throws {TransportError} */
  async subscribe(filters: readonly string[], qos: Qos): Promise<void> {
    try {
      await Promise.race([this.#whenLost, this.#client.subscribeAsync([...filters], { qos })]);
    } catch (error) {
      throw transportErrorOf(error, `the MQTT broker ${this.url} refuses a subscription to ${filters[0]}`);
    }
  }

  /**
   * Publishes a small retained message; empty bytes take it back. Resolves when the broker has it.
   *
   * @param qos - at least 1; that of the answers, so that it does not overtake them.
   * @throws {TransportError}
   */
  async retain(topic: string, payload: Buffer, qos: Qos): Promise<void> {
    try {
      const published = this.#client.publishAsync(topic, payload, { qos: atLeastOnce(qos), retain: true });
      await Promise.race([this.#whenLost, published]);
    } catch (error) {
      throw transportErrorOf(error, `the MQTT broker ${this.url} refuses the retained message ${topic}`);
    }
  }

  /**
   * Hands a message over, or keeps it until the broker takes more. The parts must not change before the message is
   * answered.
   *
   * @throws {TransportError} RESOURCE_EXHAUSTED for a message that MQTT or the broker does not take, UNAVAILABLE without connection.
   */
  publish(publication: Publication): void {
    if (this.#lost !== undefined) throw this.#lost;
    const { message, qos } = publication;
    const remaining = variableHeaderBytes(this.#head(publication), qos) + message.byteLength;
    const packetLimit = this.#open.connack.properties?.maximumPacketSize ?? Number.POSITIVE_INFINITY;
    if (remaining > MAX_REMAINING_BYTES || remaining + 5 > packetLimit) {
      throw new TransportError(
        "RESOURCE_EXHAUSTED",
        `a message of ${message.byteLength} bytes is larger than the MQTT broker ${this.url} takes in a packet (${Math.min(packetLimit, MAX_REMAINING_BYTES)} bytes)`,
      );
    }
    if (qos > 0 && this.#unacknowledged >= this.#window) this.#waiting.push(publication);
    else this.#write(publication);
  }

  /** MQTT 5 always has the properties' field, 3.1.1 never. */
  #head({ topic, properties }: PublishHead): PublishHead {
    return this.#open.protocolVersion === 5 ? { topic, properties: properties ?? {} } : { topic };
  }

  #write(publication: Publication): void {
    const { topic, properties, message, qos } = publication;
    if (qos === 0 && this.#scattered) {
      const head = encodePublishHead(this.#head(publication), message.byteLength);
      if (message.byteLength <= JOINED_BYTES) {
        const packet = Buffer.from(
          joinParts({ byteLength: head.byteLength + message.byteLength, parts: [head, ...message.parts] })
            .buffer,
        );
        if (publication.onWrite()) this.#socket.write(packet);
        return;
      }
      if (!publication.onWrite()) return;
      // A packet written in one go may stand between two of mqtt.js, which writes its own in one go, too.
      this.#socket.cork();
      this.#socket.write(head);
      for (const part of message.parts) this.#socket.write(part);
      this.#socket.uncork();
      return;
    }
    const joined = joinParts(message);
    const payload = Buffer.from(joined.buffer, joined.byteOffset, joined.byteLength);
    if (!publication.onWrite()) return;
    if (qos === 0) {
      this.#client.publish(topic, payload, { qos, ...(properties && { properties }) });
      return;
    }
    this.#unacknowledged++;
    this.#client.publish(topic, payload, { qos, ...(properties && { properties }) }, (error) => {
      this.#unacknowledged--;
      if (error)
        publication.onFailure(transportErrorOf(error, `the MQTT broker ${this.url} refuses a message`));
      while (this.#lost === undefined && this.#unacknowledged < this.#window) {
        const next = this.#waiting.shift();
        if (next === undefined) break;
        this.#write(next);
      }
    });
  }

  /** Says goodbye, so that the broker does not publish the will, and releases the socket. Idempotent, never fails. */
  async end(): Promise<void> {
    if (this.#socket.destroyed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, END_TIMEOUT_MS);
      this.#client.once("close", done);
      this.#client.end(false);
      function done() {
        clearTimeout(timer);
        resolve();
      }
    });
    await this.destroy();
  }

  /** Releases the socket now; the broker then publishes the will. Idempotent. */
  async destroy(): Promise<void> {
    if (this.#socket.closed) return;
    const closed = new Promise<void>((resolve) => this.#socket.once("close", () => resolve()));
    this.#client.end(true);
    this.#socket.destroy();
    await closed;
  }
}

/** The QoS of what is said once and must arrive, beside requests and answers of this QoS. */
export function atLeastOnce(qos: Qos): 1 | 2 {
  return qos === 2 ? 2 : 1;
}

function withReject(): { promise: Promise<never>; reject: (error: TransportError) => void } {
  let reject: (error: TransportError) => void = () => {};
  const promise = new Promise<never>((_, fail) => {
    reject = fail;
  });
  // Nobody may be waiting when it rejects.
  promise.catch(() => {});
  return { promise, reject };
}
