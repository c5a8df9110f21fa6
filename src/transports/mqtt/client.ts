import { randomUUID } from "node:crypto";
import { monotonicClock } from "../../core/clock.ts";
import { TransportError } from "../../core/errors.ts";
import { type InferRequest, type InferResponse, withParameters } from "../../core/inference.ts";
import type { ModelMetadata, ServerMetadata } from "../../core/metadata.ts";
import { encodeInferRequest } from "../../core/oip/protobuf.ts";
import { TIMEOUT_US } from "../../core/parameters.ts";
import type { PendingRequests } from "../../core/pending-requests.ts";
import type { ConnectOptions, InferenceClient, InferOptions, Qos } from "../../core/transport.ts";
import { parseBrokerUrl } from "./broker-address.ts";
import { REQUEST_CONTENT_TYPE } from "./codec.ts";
import { atLeastOnce, type BrokerConnection } from "./connection.ts";
import { Directory } from "./directory.ts";
import { Inbox, tooLarge } from "./inbox.ts";
import { BrokerLink } from "./link.ts";
import type { PublishHead } from "./publish-head.ts";
import { DISCOVERY_FILTERS, requestTopic, responseFilters, responseTopic } from "./topics.ts";

const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;

/** Retained messages arrive right behind the subscription: a server that is not heard of by then is not there. */
const DISCOVERY_MS = 1_000;

/**
 * The brokers send models before servers, in the order of the subscriptions; this is for one that does not, and for a model
 * that one of a group has taken back and the others offer again.
 */
const STRAGGLERS_MS = 250;

/**
 * Connects to the broker, subscribes to the answers and waits for a server's word. When the connection breaks, what is in
 * flight and what is asked for meanwhile fails with UNAVAILABLE; the client comes back by itself.
 *
 * @param endpoint - the broker, `mqtt://host:port`.
 * @throws {TransportError} UNAVAILABLE when the broker cannot be reached or no server is alive behind it.
 */
export async function connectMqtt(endpoint: string, options: ConnectOptions): Promise<InferenceClient> {
  const timeoutMs = options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS;
  const { maxPayloadBytes, tuning, qos = 0 } = options;
  const startedMs = performance.now();
  const clientId = `wirebench-${randomUUID()}`;
  const directory = new Directory(parseBrokerUrl(endpoint).url);
  const inbox = new Inbox(directory, maxPayloadBytes);
  const session: Session = { clientId, directory, inbox, qos, maxPayloadBytes, discoveredMs: 0 };
  const link = await BrokerLink.open(endpoint, {
    clientId,
    timeoutMs,
    tuning,
    needs: { qos },
    events: {
      onMessage: inbox.onMessage,
      async onConnect(connection) {
        await connection.subscribe(responseFilters(clientId), qos);
        await connection.subscribe(DISCOVERY_FILTERS, atLeastOnce(qos));
        session.discoveredMs = performance.now() + STRAGGLERS_MS;
      },
      onLoss(error) {
        directory.clear();
        inbox.pending.failAll(error);
      },
    },
  });
  const leftMs = timeoutMs - (performance.now() - startedMs);
  await directory.waitFor(() => directory.refusal() === undefined, Math.min(DISCOVERY_MS, leftMs));
  const refusal = link.loss ?? directory.refusal();
  if (refusal !== undefined) {
    await link.destroy();
    throw refusal;
  }
  return new MqttInferenceClient(link, session);
}

/** What outlives a connection. */
interface Session {
  readonly clientId: string;
  readonly directory: Directory;
  readonly inbox: Inbox;
  readonly qos: Qos;
  readonly maxPayloadBytes: number;
  /** By then, on the clock of `performance.now`, the retained messages of this connection have come. */
  discoveredMs: number;
}

class MqttInferenceClient implements InferenceClient {
  readonly protocolVersion: "5" | "3.1.1";
  readonly #link: BrokerLink;
  readonly #session: Session;
  readonly #pending: PendingRequests;
  #closing: Promise<void> | undefined;
  #closed = false;

  constructor(link: BrokerLink, session: Session) {
    this.#link = link;
    this.#session = session;
    this.#pending = session.inbox.pending;
    this.protocolVersion = link.connection.protocolVersion;
  }

  get duplicateAnswers(): number {
    return this.#session.inbox.duplicateAnswers;
  }

  async infer(request: InferRequest, options: InferOptions): Promise<InferResponse> {
    const startedMs = performance.now();
    if (!this.#session.directory.offers(request.modelName)) {
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
    const { qos, maxPayloadBytes } = this.#session;
    const message = encodeInferRequest(withTimeout(request, leftMs));
    marks.requestPayloadBytes = message.byteLength;
    if (message.byteLength > maxPayloadBytes) throw tooLarge("request", message.byteLength, maxPayloadBytes);
    const { id } = request;
    const answer = this.#pending.add(id, { marks, signal, deadlineMs, leftMs });
    try {
      const { connection } = this.#link;
      connection.publish({
        message,
        qos,
        onWrite: () => {
          marks.sentNs = monotonicClock.nowNs();
          return this.#pending.has(id);
        },
        onFailure: (error) => this.#pending.take(id)?.reject(error),
        ...this.#head(connection, request, leftMs),
      });
    } catch (error) {
      // Not at once: a caller that tries again and again must leave the event loop time to hear of better news.
      setImmediate(() => this.#pending.take(id)?.reject(TransportError.from(error, "INTERNAL")));
    }
    return answer;
  }

  #head(connection: BrokerConnection, { modelName, id }: InferRequest, leftMs: number): PublishHead {
    const { clientId } = this.#session;
    if (connection.protocolVersion === "3.1.1") return { topic: requestTopic(modelName, { clientId, id }) };
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
    const { directory, discoveredMs } = this.#session;
    if (this.#closed) throw closedError();
    if (this.#link.loss === undefined) {
      const knownMs = Math.max(discoveredMs, directory.takenBackMs + STRAGGLERS_MS);
      const leftMs = Math.min(timeoutMs, knownMs - performance.now());
      const known = () => !directory.isSilent() && directory.refusal(model)?.status !== "NOT_FOUND";
      await directory.waitFor(known, leftMs, signal);
    }
    if (signal?.aborted) return;
    const refusal = this.#link.loss ?? directory.refusal(model);
    if (refusal === undefined) return;
    // A caller that tries again and again must leave the event loop time to hear of better news.
    await new Promise((resolve) => setImmediate(resolve));
    throw refusal;
  }

  async serverMetadata(): Promise<ServerMetadata> {
    const { directory, discoveredMs } = this.#session;
    await this.#discover(undefined, STRAGGLERS_MS);
    await directory.waitFor(() => directory.server() !== undefined, discoveredMs - performance.now());
    const metadata = directory.server();
    if (metadata === undefined)
      throw new TransportError("UNIMPLEMENTED", "the server has not published its metadata");
    return metadata;
  }

  async modelMetadata(modelName: string, modelVersion?: string): Promise<ModelMetadata> {
    await this.#discover(modelName, STRAGGLERS_MS);
    const metadata = this.#session.directory.model(modelName);
    if (metadata === undefined || (modelVersion !== undefined && !metadata.versions.includes(modelVersion))) {
      throw new TransportError("NOT_FOUND", `unknown version '${modelVersion}' of the model '${modelName}'`);
    }
    return metadata;
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#closing ??= this.#pending.whenEmpty().then(() => this.#link.end());
    return this.#closing;
  }

  async destroy(): Promise<void> {
    this.#closed = true;
    this.#pending.failAll(closedError());
    await this.#link.destroy();
  }
}

/** Message Expiry counts in seconds, and MQTT 3.1.1 has none: the exact time travels as Triton's parameter. */
function withTimeout(request: InferRequest, leftMs: number): InferRequest {
  if (request.parameters?.[TIMEOUT_US] !== undefined) return request;
  const timeoutUs = Math.max(1, Math.round(leftMs * 1_000));
  return withParameters(request, { [TIMEOUT_US]: timeoutUs, ...request.parameters });
}

function closedError(): TransportError {
  return new TransportError("CANCELLED", "the client is closed");
}
