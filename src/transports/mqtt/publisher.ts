import type { MqttClient, Packet } from "mqtt";
import { TransportError } from "../../core/errors.ts";
import { joinParts, type WireMessage, writeParts } from "../../core/oip/protobuf.ts";
import type { Qos, Tuning } from "../../core/transport.ts";
import { type BrokerLimits, checkPacket, readLimits } from "./broker-limits.ts";
import type { OpenConnection } from "./connect-broker.ts";
import {
  checkFields,
  encodePublishHead,
  MAX_FIELD_BYTES,
  type PublishHead,
  variableHeaderBytes,
} from "./publish-head.ts";
import { NO_SUBSCRIBERS, transportErrorOf } from "./reason-codes.ts";

/** Up to here one copy is cheaper than several writes. */
const JOINED_BYTES = 32_768;

/** A broker that hangs up so soon after so large a message may have done it for its size. */
const SUSPECT_BYTES = 16_384;
const SUSPECT_MS = 1_000;

/** A message on its way to the broker; its `properties` are left out where the connection speaks MQTT 3.1.1. */
export interface Publication extends PublishHead {
  readonly message: WireMessage;
  readonly qos: Qos;
  /** Called right before the bytes are handed over; `false` takes the message back. */
  onWrite(): boolean;
  /** The broker has refused the message, has nobody to give it to, or is gone. Never called for a QoS 0 message. */
  onFailure(error: TransportError): void;
}

/** Writes messages to a broker, no more at a time than it takes. */
export class Publisher {
  readonly #open: OpenConnection;
  readonly #client: MqttClient;
  /** QoS 0 messages of several parts go to the socket without being joined. */
  readonly #scattered: boolean;
  readonly #limits: BrokerLimits;
  readonly #waiting: Publication[] = [];
  /** By packet identifier: handed over, not yet acknowledged. */
  readonly #unacknowledged = new Map<number, Publication>();
  #lastLarge = { bytes: 0, atMs: Number.NEGATIVE_INFINITY };

  constructor(open: OpenConnection, tuning: Tuning) {
    this.#open = open;
    this.#client = open.client;
    this.#scattered = tuning === "tuned";
    this.#limits = readLimits(open.connack);
    // mqtt.js counts "no matching subscribers" as success, and tells nobody.
    this.#client.on("packetreceive", (packet: Packet) => {
      if (packet.cmd !== "puback" && packet.cmd !== "pubrec") return;
      if (packet.reasonCode === NO_SUBSCRIBERS && packet.messageId !== undefined) {
        this.#unserved(packet.messageId);
      }
    });
  }

  /** @throws {TransportError} as {@link BrokerConnection.publish}. */
  publish(publication: Publication): void {
    const { message, qos } = publication;
    const head = this.#head(publication);
    const headBytes = variableHeaderBytes(head, qos);
    if (headBytes > MAX_FIELD_BYTES) checkFields(head);
    const remainingBytes = headBytes + message.byteLength;
    checkPacket(this.#limits, this.#open.address.url, { payloadBytes: message.byteLength, remainingBytes });
    if (qos > 0 && this.#unacknowledged.size >= this.#limits.receiveMaximum) this.#waiting.push(publication);
    else this.#write(publication);
  }

  /** The connection is gone: fails what still waited for the broker's window. */
  fail(error: TransportError): void {
    for (const publication of this.#waiting.splice(0)) publication.onFailure(error);
  }

  /** What may have made a broker hang up without a word; empty when nothing comes to mind. */
  suspicion(): string {
    const { bytes, atMs } = this.#lastLarge;
    return performance.now() - atMs < SUSPECT_MS
      ? ` while a message of ${bytes} bytes was on its way, which may be more than it takes`
      : "";
  }

  /** MQTT 5 always has the properties' field, 3.1.1 never. */
  #head({ topic, properties }: PublishHead): PublishHead {
    return this.#open.protocolVersion === 5 ? { topic, properties: properties ?? {} } : { topic };
  }

  #write(publication: Publication): void {
    const { topic, properties, message, qos } = publication;
    if (message.byteLength >= SUSPECT_BYTES) {
      this.#lastLarge = { bytes: message.byteLength, atMs: performance.now() };
    }
    if (qos === 0 && this.#scattered) {
      this.#writeParts(publication);
      return;
    }
    const joined = joinParts(message);
    const payload = Buffer.from(joined.buffer, joined.byteOffset, joined.byteLength);
    if (!publication.onWrite()) return;
    if (qos === 0) {
      this.#client.publish(topic, payload, { qos, ...(properties && { properties }) });
      return;
    }
    let id = -1;
    this.#client.publish(topic, payload, { qos, ...(properties && { properties }) }, (error) => {
      this.#unacknowledged.delete(id);
      if (error)
        publication.onFailure(
          transportErrorOf(error, `the MQTT broker ${this.#open.address.url} refuses a message`),
        );
      this.#writeWaiting();
    });
    id = this.#client.getLastMessageId();
    this.#unacknowledged.set(id, publication);
  }

  #writeParts(publication: Publication): void {
    const { message } = publication;
    const { socket } = this.#open;
    const head = encodePublishHead(this.#head(publication), message.byteLength);
    if (message.byteLength <= JOINED_BYTES) {
      const packet = Buffer.allocUnsafe(head.byteLength + message.byteLength);
      packet.set(head);
      writeParts(message, packet, head.byteLength);
      if (publication.onWrite()) socket.write(packet);
      return;
    }
    if (!publication.onWrite()) return;
    // A packet written in one go may stand between two of mqtt.js, which writes its own in one go, too.
    socket.cork();
    socket.write(head);
    for (const part of message.parts) socket.write(part);
    socket.uncork();
  }

  #writeWaiting(): void {
    while (!this.#open.socket.destroyed && this.#unacknowledged.size < this.#limits.receiveMaximum) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#write(next);
    }
  }

  #unserved(messageId: number): void {
    const publication = this.#unacknowledged.get(messageId);
    publication?.onFailure(
      new TransportError(
        "UNAVAILABLE",
        `nobody behind the MQTT broker ${this.#open.address.url} has subscribed to ${publication.topic}`,
      ),
    );
  }
}
