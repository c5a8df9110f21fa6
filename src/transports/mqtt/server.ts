import { randomUUID } from "node:crypto";
import type { IPublishPacket } from "mqtt";
import { clockId, monotonicClock } from "../../core/clock.ts";
import { TransportError } from "../../core/errors.ts";
import { decodeInferRequest, encodeInferResponse, type WireMessage } from "../../core/oip/protobuf.ts";
import { timedParameters } from "../../core/parameters.ts";
import type { ServingCore } from "../../core/serving-core.ts";
import type { InferenceServer, Qos, ServeOptions } from "../../core/transport.ts";
import { DEAD, encodeFailure, encodeJson, RESPONSE_CONTENT_TYPE } from "./codec.ts";
import { BrokerConnection, type ConnectionEvents } from "./connection.ts";
import type { PublishHead } from "./publish-head.ts";
import { modelTopic, parseTopic, requestFilters, responseTopic, serverTopic, statusTopic } from "./topics.ts";

const CONNECT_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 5_000;

/**
 * Offers every model of the core through the broker of `options.mqtt`. When the connection to the broker breaks, what
 * is in flight is aborted and the server does not come back: a new one must be made.
 *
 * @throws {TransportError} UNAVAILABLE when the broker cannot be reached, INVALID_ARGUMENT without a broker's URL.
 */
export async function serveMqtt(core: ServingCore, options: ServeOptions): Promise<InferenceServer> {
  const { mqtt, tuning, maxPayloadBytes } = options;
  if (mqtt === undefined) {
    throw new TransportError(
      "INVALID_ARGUMENT",
      "the mqtt transport needs the URL of a broker (mqtt.brokerUrl)",
    );
  }
  const { serverId = "wirebench", group, qos } = mqtt;
  const responder = new Responder(core, { maxPayloadBytes, qos });
  const connection = await BrokerConnection.connect(mqtt.brokerUrl, {
    clientId: `wirebench-server-${randomUUID()}`,
    timeoutMs: CONNECT_TIMEOUT_MS,
    tuning,
    will: { topic: statusTopic(serverId), payload: encodeJson(DEAD) },
    events: responder,
  });
  responder.connection = connection;
  const models = core.modelNames();
  try {
    for (const model of models) {
      await connection.subscribe(requestFilters(model, group), qos);
      await connection.retain(modelTopic(model), encodeJson(core.modelMetadata(model)), qos);
    }
    await connection.retain(serverTopic(serverId), encodeJson(core.serverMetadata()), qos);
    await connection.retain(statusTopic(serverId), encodeJson({ live: true, ready: core.isReady() }), qos);
  } catch (error) {
    await connection.destroy();
    throw error;
  }
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    const retain = (topic: string, payload: Buffer) => connection.retain(topic, payload, qos).catch(() => {});
    responder.refuse();
    await retain(statusTopic(serverId), encodeJson({ live: true, ready: false }));
    await responder.whenIdle(CLOSE_TIMEOUT_MS);
    await retain(statusTopic(serverId), encodeJson(DEAD));
    // Others of the group still offer the models.
    if (group === undefined)
      await Promise.all(models.map((model) => retain(modelTopic(model), Buffer.alloc(0))));
    await connection.end();
  };
  return {
    endpoint: connection.url,
    notes: [
      `MQTT ${connection.protocolVersion}, QoS ${qos}`,
      ...(group === undefined ? [] : [`shared subscription of the group ${group}`]),
    ],
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

/** Where an answer goes. */
interface ReturnAddress {
  readonly modelName: string;
  readonly id: string;
  readonly head: PublishHead;
}

/** Takes requests from the connection, gives them to the core and publishes what it answers. */
class Responder implements ConnectionEvents {
  readonly #core: ServingCore;
  readonly #maxPayloadBytes: number;
  readonly #qos: Qos;
  readonly #clockId = clockId();
  readonly #running = new Set<AbortController>();
  #onIdle: (() => void) | undefined;
  #refusing = false;
  connection: BrokerConnection | undefined;

  constructor(core: ServingCore, options: { readonly maxPayloadBytes: number; readonly qos: Qos }) {
    this.#core = core;
    this.#maxPayloadBytes = options.maxPayloadBytes;
    this.#qos = options.qos;
  }

  readonly onMessage = (topic: string, payload: Buffer, packet: IPublishPacket): void => {
    const inNs = monotonicClock.nowNs();
    const address = returnAddress(topic, packet);
    // Without a return address nobody waits for an answer.
    if (address !== undefined) void this.#respond(address, { payload, inNs, packet });
  };

  readonly onClose = (error: TransportError): void => {
    for (const running of this.#running) running.abort(error);
  };

  /** From now on requests are answered with UNAVAILABLE. */
  refuse(): void {
    this.#refusing = true;
  }

  /** Waits until everything taken is answered; aborts what is left after the time. */
  async whenIdle(timeoutMs: number): Promise<void> {
    if (this.#running.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#onIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.onClose(new TransportError("UNAVAILABLE", "the server is closing"));
  }

  async #respond(
    address: ReturnAddress,
    request: { readonly payload: Buffer; readonly inNs: number; readonly packet: IPublishPacket },
  ): Promise<void> {
    const running = new AbortController();
    const expiryS = request.packet.properties?.messageExpiryInterval;
    const timer =
      expiryS === undefined || expiryS > 1_000_000
        ? undefined
        : setTimeout(() => running.abort(overdue(expiryS)), expiryS * 1_000);
    this.#running.add(running);
    let message: WireMessage;
    try {
      message = await this.#infer(address, request, running.signal);
    } catch (error) {
      message = encodeFailure(TransportError.from(error, "INTERNAL"), address);
    }
    clearTimeout(timer);
    try {
      this.#publish(address, message);
    } catch (error) {
      this.#publishFailure(address, TransportError.from(error, "INTERNAL"));
    }
    this.#running.delete(running);
    if (this.#running.size === 0) this.#onIdle?.();
  }

  async #infer(
    { modelName, id }: ReturnAddress,
    { payload, inNs }: { readonly payload: Buffer; readonly inNs: number },
    signal: AbortSignal,
  ): Promise<WireMessage> {
    if (this.#refusing) throw new TransportError("UNAVAILABLE", "the server is closing");
    this.#checkSize("request", payload.byteLength);
    const request = decodeInferRequest(payload);
    if (request.modelName !== modelName || request.id !== id) {
      throw new TransportError(
        "INVALID_ARGUMENT",
        `expected a request '${id}' for the model '${modelName}' as the topic says, got '${request.id}' for '${request.modelName}'`,
      );
    }
    const decodeNs = monotonicClock.nowNs() - inNs;
    const response = await this.#core.infer(request, signal);
    const marks = { inNs, decodeNs, nowNs: monotonicClock.nowNs, clockId: this.#clockId };
    const message = encodeInferResponse({ ...response, parameters: timedParameters(response, marks) });
    this.#checkSize("answer", message.byteLength);
    return message;
  }

  #checkSize(what: string, bytes: number): void {
    if (bytes <= this.#maxPayloadBytes) return;
    throw new TransportError(
      "RESOURCE_EXHAUSTED",
      `the ${what} has ${bytes} bytes, more than the server's payload limit of ${this.#maxPayloadBytes} bytes`,
    );
  }

  /** @throws {TransportError} for an answer that the broker does not take. */
  #publish(address: ReturnAddress, message: WireMessage): void {
    this.connection?.publish({
      ...address.head,
      message,
      qos: this.#qos,
      onWrite: () => true,
      // A refused packet of QoS 1 and 2; the broker's own refusals leave the connection open.
      onFailure: (error) => this.#publishFailure(address, error),
    });
  }

  #publishFailure(address: ReturnAddress, error: TransportError): void {
    const message = encodeFailure(error, address);
    try {
      this.connection?.publish({
        ...address.head,
        message,
        qos: this.#qos,
        onWrite: () => true,
        onFailure: () => {},
      });
    } catch {
      // The connection is gone: whoever waits hears it from the broker.
    }
  }
}

/** Who waits for the answer: told by the topic (MQTT 3.1.1) or by the properties (MQTT 5). */
function returnAddress(topic: string, { properties }: IPublishPacket): ReturnAddress | undefined {
  const parsed = parseTopic(topic);
  if (parsed?.kind !== "request") return undefined;
  const { model: modelName, sender } = parsed;
  const contentType = RESPONSE_CONTENT_TYPE;
  if (sender !== undefined) {
    const head = { topic: responseTopic(sender.clientId, sender.id), properties: { contentType } };
    return { modelName, id: sender.id, head };
  }
  const answerTopic = properties?.responseTopic;
  const correlationData = properties?.correlationData;
  if (answerTopic === undefined || correlationData === undefined) return undefined;
  return {
    modelName,
    id: correlationData.toString("utf8"),
    head: { topic: answerTopic, properties: { contentType, correlationData } },
  };
}

function overdue(expiryS: number): TransportError {
  return new TransportError("DEADLINE_EXCEEDED", `the message expired after ${expiryS} s`);
}
