import type { Socket } from "node:net";
import type { IPublishPacket, MqttClient } from "mqtt";
import { TransportError } from "../../core/errors.ts";
import type { Qos } from "../../core/transport.ts";
import { type BrokerNeeds, checkNeeds } from "./broker-limits.ts";
import { type ConnectBrokerOptions, connectBroker, type OpenConnection } from "./connect-broker.ts";
import { type Publication, Publisher } from "./publisher.ts";
import { transportErrorOf } from "./reason-codes.ts";

/** How long a graceful end waits for acknowledgements and for the broker to hang up. */
const END_TIMEOUT_MS = 1_000;

/** What the owner of a connection wants to hear. */
export interface ConnectionEvents {
  /** A whole PUBLISH has arrived; the bytes belong to the listener. */
  onMessage(topic: string, payload: Buffer, packet: IPublishPacket): void;
  /** The connection is gone, whoever ended it, perhaps before `connect` has given it. Once. */
  onClose(error: TransportError, connection: BrokerConnection): void;
}

export interface ConnectionOptions extends ConnectBrokerOptions {
  readonly needs: BrokerNeeds;
  readonly events: ConnectionEvents;
}

/** One TCP connection to a broker. */
export class BrokerConnection {
  readonly #open: OpenConnection;
  readonly #client: MqttClient;
  readonly #socket: Socket;
  readonly #publisher: Publisher;
  #lost: TransportError | undefined;
  /** Rejects when the connection is gone: mqtt.js leaves callbacks of unacknowledged messages unanswered. */
  readonly #whenLost: Promise<never>;

  private constructor(open: OpenConnection, { tuning, events }: ConnectionOptions) {
    this.#open = open;
    this.#client = open.client;
    this.#socket = open.socket;
    this.#publisher = new Publisher(open, tuning);
    let reason: unknown;
    this.#client.on("message", events.onMessage);
    this.#client.on("error", (error) => {
      reason = error;
      // After bytes that it cannot read (Mosquitto 2.0 has reason codes of its own), mqtt.js keeps the connection and is deaf.
      this.#socket.destroy();
    });
    this.#client.on("disconnect", ({ reasonCode }) => {
      reason = Object.assign(new Error(`the broker ended it with reason ${reasonCode}`), {
        code: reasonCode,
      });
    });
    const { promise, reject } = withReject();
    this.#whenLost = promise;
    this.#client.once("close", () => {
      const what = `the connection to the MQTT broker ${this.url} is lost${this.#publisher.suspicion()}`;
      const lost =
        reason === undefined ? new TransportError("UNAVAILABLE", what) : transportErrorOf(reason, what);
      this.#lost = lost;
      reject(lost);
      this.#publisher.fail(lost);
      events.onClose(lost, this);
    });
  }

  /** Connects. @throws {TransportError} as {@link connectBroker}, and UNIMPLEMENTED for a broker without what is needed. */
  static async connect(url: string, options: ConnectionOptions): Promise<BrokerConnection> {
    const connection = new BrokerConnection(await connectBroker(url, options), options);
    try {
      checkNeeds(connection.#open.connack, connection.url, options.needs);
    } catch (error) {
      await connection.destroy();
      throw error;
    }
    return connection;
  }

  /** `mqtt://host:port` of the broker. */
  get url(): string {
    return this.#open.address.url;
  }

  /** Why the connection is gone; `undefined` while it is there. */
  get loss(): TransportError | undefined {
    return this.#lost;
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

  /** @throws {TransportError} */
  async unsubscribe(filters: readonly string[]): Promise<void> {
    try {
      await Promise.race([this.#whenLost, this.#client.unsubscribeAsync([...filters])]);
    } catch (error) {
      throw transportErrorOf(error, `the MQTT broker ${this.url} keeps the subscription to ${filters[0]}`);
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
   * @throws {TransportError} RESOURCE_EXHAUSTED for a message that MQTT or the broker does not take, INVALID_ARGUMENT for a
   * topic that is too long, UNAVAILABLE without connection.
   */
  publish(publication: Publication): void {
    if (this.#lost !== undefined) throw this.#lost;
    this.#publisher.publish(publication);
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
