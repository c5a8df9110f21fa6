import { randomUUID } from "node:crypto";
import type { IPublishPacket } from "mqtt";
import { monotonicClock } from "../../core/clock.ts";
import { TransportError } from "../../core/errors.ts";
import type { InferRequest, InferResponse } from "../../core/inference.ts";
import type { ModelMetadata, ServerMetadata } from "../../core/metadata.ts";
import { decodeInferResponse, encodeInferRequest } from "../../core/oip/protobuf.ts";
import type { ConnectOptions, InferenceClient, InferOptions, Qos } from "../../core/transport.ts";
import { failureOf, REQUEST_CONTENT_TYPE } from "./codec.ts";
import { atLeastOnce, BrokerConnection } from "./connection.ts";
import { Directory } from "./directory.ts";
import { PendingRequests } from "./pending-requests.ts";
import type { PublishHead } from "./publish-head.ts";
import { DISCOVERY_FILTERS, parseTopic, requestTopic, responseFilters, responseTopic } from "./topics.ts";

const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;

/** Retained messages arrive right behind the subscription: a server that is not heard of by then is not there. */
const DISCOVERY_MS = 1_000;

/** The brokers send models before servers, in the order of the subscriptions; this is for one that does not. */
const STRAGGLERS_MS = 250;

/**
 * Connects to the broker, subscribes to the answers and waits for a server's word.
 *
 * @param endpoint - the broker, `mqtt://host:port`.
 * @throws {TransportError} UNAVAILABLE when the broker cannot be reached or no server is alive behind it.
 */
export async function connectMqtt(endpoint: string, options: ConnectOptions): Promise<InferenceClient> {
  const timeoutMs = options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS;
  const startedMs = performance.now();
  const clientId = `wirebench-${randomUUID()}`;
  const inbox = new Inbox(options.maxPayloadBytes);
  const connection = await BrokerConnection.connect(endpoint, {
    clientId,
    timeoutMs,
    tuning: options.tuning,
    events: inbox,
  });
  const directory = new Directory(connection.url);
  inbox.directory = directory;
  const qos = options.qos ?? 0;
  try {
    await connection.subscribe(responseFilters(clientId), qos);
    await connection.subscribe(DISCOVERY_FILTERS, atLeastOnce(qos));
    const leftMs = timeoutMs - (performance.now() - startedMs);
    await directory.waitFor(() => directory.refusal() === undefined, Math.min(DISCOVERY_MS, leftMs));
    const refusal = directory.refusal();
    if (refusal !== undefined) throw refusal;
  } catch (error) {
    await connection.destroy();
    throw error;
  }
  return new MqttInferenceClient({
    clientId,
    connection,
    directory,
    inbox,
    qos,
    maxPayloadBytes: options.maxPayloadBytes,
  });
}

/** What arrives on the connection: answers, and the retained messages of discovery. */
class Inbox {
  readonly pending = new PendingRequests();
  readonly #maxPayloadBytes: number;
  directory: Directory | undefined;

  constructor(maxPayloadBytes: number) {
    this.#maxPayloadBytes = maxPayloadBytes;
  }

  readonly onMessage = (topic: string, payload: Buffer, { properties }: IPublishPacket): void => {
    const receivedNs = monotonicClock.nowNs();
    const parsed = parseTopic(topic);
    if (parsed?.kind === "response") {
      const id = parsed.id ?? properties?.correlationData?.toString("utf8");
      if (id !== undefined) this.#answer(id, payload, receivedNs);
      return;
    }
    this.directory?.accept(topic, payload);
    if (this.directory?.isDeserted()) {
      this.pending.failAll(
        this.directory.refusal() ??
          new TransportError("UNAVAILABLE", "the server behind the MQTT broker is gone"),
      );
    }
  };

  readonly onClose = (error: TransportError): void => this.pending.failAll(error);

  #answer(id: string, payload: Buffer, receivedNs: number): void {
    const request = this.pending.take(id);
    if (request === undefined) {
      // MQTT cannot take a request back: the answer of one that was given up still comes.
      const marks = this.pending.takeOverdue(id);
      if (marks !== undefined) marks.receivedNs = receivedNs;
      return;
    }
    request.marks.receivedNs = receivedNs;
    request.marks.responsePayloadBytes = payload.byteLength;
    try {
      if (payload.byteLength > this.#maxPayloadBytes)
        throw tooLarge("answer", payload.byteLength, this.#maxPayloadBytes);
      const response = decodeInferResponse(payload);
      const failure = failureOf(response);
      if (failure !== undefined) throw failure;
      request.resolve(response);
    } catch (error) {
      request.reject(TransportError.from(error, "INTERNAL"));
    }
  }
}

interface ClientParts {
  readonly clientId: string;
  readonly connection: BrokerConnection;
  readonly directory: Directory;
  readonly inbox: Inbox;
  readonly qos: Qos;
  readonly maxPayloadBytes: number;
}

class MqttInferenceClient implements InferenceClient {
  readonly protocolVersion: "5" | "3.1.1";
  readonly #parts: ClientParts;
  readonly #pending: PendingRequests;
  readonly #discoveredMs = performance.now() + STRAGGLERS_MS;
  #closing: Promise<void> | undefined;
  #closed = false;

  constructor(parts: ClientParts) {
    this.#parts = parts;
    this.#pending = parts.inbox.pending;
    this.protocolVersion = parts.connection.protocolVersion;
  }

  async infer(request: InferRequest, options: InferOptions): Promise<InferResponse> {
    const startedMs = performance.now();
    if (!this.#parts.directory.offers(request.modelName)) {
      await this.#discover(request.modelName, options.deadlineMs, options.signal);
    }
    if (this.#closed) throw closedError();
    if (options.signal?.aborted) throw options.signal.reason;
    const leftMs = options.deadlineMs - (performance.now() - startedMs);
    return this.#send(request, options, leftMs);
  }

  #send(
    request: InferRequest,
    { marks, signal, deadlineMs }: InferOptions,
    leftMs: number,
  ): Promise<InferResponse> {
    const { connection, qos, maxPayloadBytes } = this.#parts;
    const message = encodeInferRequest(request);
    marks.requestPayloadBytes = message.byteLength;
    if (message.byteLength > maxPayloadBytes) throw tooLarge("request", message.byteLength, maxPayloadBytes);
    const { id } = request;
    const answer = this.#pending.add(id, { marks, signal, deadlineMs, leftMs });
    try {
      connection.publish({
        ...this.#head(request, leftMs),
        message,
        qos,
        onWrite: () => {
          marks.sentNs = monotonicClock.nowNs();
          return this.#pending.has(id);
        },
        onFailure: (error) => this.#pending.take(id)?.reject(error),
      });
    } catch (error) {
      // Not at once: a caller that tries again and again must leave the event loop time to hear of better news.
      setImmediate(() => this.#pending.take(id)?.reject(TransportError.from(error, "INTERNAL")));
    }
    return answer;
  }

  #head({ modelName, id }: InferRequest, leftMs: number): PublishHead {
    const { clientId } = this.#parts;
    if (this.protocolVersion === "3.1.1") return { topic: requestTopic(modelName, { clientId, id }) };
    return {
      topic: requestTopic(modelName),
      properties: {
        messageExpiryInterval: Math.min(0xffff_ffff, Math.max(1, Math.ceil(leftMs / 1_000))),
        contentType: REQUEST_CONTENT_TYPE,
        responseTopic: responseTopic(clientId),
        correlationData: Buffer.from(id),
      },
    };
  }

  /** Waits for what may still arrive of the retained messages. @throws {TransportError} NOT_FOUND, UNAVAILABLE */
  async #discover(model: string | undefined, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const { directory } = this.#parts;
    if (this.#closed) throw closedError();
    const leftMs = Math.min(timeoutMs, this.#discoveredMs - performance.now());
    const known = () => directory.refusal(model)?.status !== "NOT_FOUND";
    await directory.waitFor(known, leftMs, signal);
    if (signal?.aborted) return;
    const refusal = directory.refusal(model);
    if (refusal === undefined) return;
    await new Promise((resolve) => setImmediate(resolve));
    throw refusal;
  }

  async serverMetadata(): Promise<ServerMetadata> {
    const { directory } = this.#parts;
    await this.#discover(undefined, STRAGGLERS_MS);
    const leftMs = this.#discoveredMs - performance.now();
    await directory.waitFor(() => directory.server() !== undefined, leftMs);
    const metadata = directory.server();
    if (metadata === undefined)
      throw new TransportError("UNIMPLEMENTED", "the server has not published its metadata");
    return metadata;
  }

  async modelMetadata(modelName: string, modelVersion?: string): Promise<ModelMetadata> {
    await this.#discover(modelName, STRAGGLERS_MS);
    const metadata = this.#parts.directory.model(modelName);
    if (metadata === undefined || (modelVersion !== undefined && !metadata.versions.includes(modelVersion))) {
      throw new TransportError("NOT_FOUND", `unknown version '${modelVersion}' of the model '${modelName}'`);
    }
    return metadata;
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#closing ??= this.#pending.whenEmpty().then(() => this.#parts.connection.end());
    return this.#closing;
  }

  async destroy(): Promise<void> {
    this.#closed = true;
    this.#pending.failAll(closedError());
    await this.#parts.connection.destroy();
  }
}

function closedError(): TransportError {
  return new TransportError("CANCELLED", "the client is closed");
}

function tooLarge(what: string, bytes: number, limit: number): TransportError {
  return new TransportError(
    "RESOURCE_EXHAUSTED",
    `the ${what} has ${bytes} bytes, more than the payload limit of ${limit} bytes`,
  );
}
