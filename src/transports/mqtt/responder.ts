import type { IPublishPacket } from "mqtt";
import type { CancelSignal } from "../../core/cancellation.ts";
import { clockId, monotonicClock } from "../../core/clock.ts";
import { TransportError } from "../../core/errors.ts";
import { decodeInferRequest, encodeInferResponse, type WireMessage } from "../../core/oip/protobuf.ts";
import { type Parameters, timedParameters } from "../../core/parameters.ts";
import { statusOfOutcome } from "../../core/served-request.ts";
import type { ServingCore } from "../../core/serving-core.ts";
import type { Qos, ServeOptions } from "../../core/transport.ts";
import { encodeFailure } from "./codec.ts";
import type { BrokerConnection } from "./connection.ts";
import type { PublishHead } from "./publish-head.ts";
import { contentTypeProblem, type ReturnAddress, returnAddress } from "./return-address.ts";
import type { RunningRequests } from "./running-requests.ts";

/** Longer expiries are none: a timer does not count so far, and nobody waits so long. */
const LONGEST_EXPIRY_S = 1_000_000;

/** A message as it came. */
interface Incoming {
  readonly payload: Buffer;
  readonly inNs: number;
  readonly properties: IPublishPacket["properties"];
}

/** Takes requests from the connection, gives them to the core and publishes what it answers. */
export class Responder {
  readonly #core: ServingCore;
  readonly #running: RunningRequests;
  readonly #maxPayloadBytes: number;
  readonly #qos: Qos;
  readonly #onServed: ServeOptions["onServed"];
  readonly #clockId = clockId();

  constructor(
    core: ServingCore,
    running: RunningRequests,
    options: Pick<ServeOptions, "maxPayloadBytes" | "onServed"> & { readonly qos: Qos },
  ) {
    this.#core = core;
    this.#running = running;
    this.#maxPayloadBytes = options.maxPayloadBytes;
    this.#qos = options.qos;
    this.#onServed = options.onServed;
  }

  /** Answers a message, if somebody waits for that, on the connection that it came from. */
  accept(connection: BrokerConnection, topic: string, payload: Buffer, packet: IPublishPacket): void {
    const inNs = monotonicClock.nowNs();
    const address = returnAddress(topic, packet);
    if (address === undefined) return;
    void this.#respond(connection, address, { payload, inNs, properties: packet.properties });
  }

  async #respond(connection: BrokerConnection, address: ReturnAddress, incoming: Incoming): Promise<void> {
    const expiryS = incoming.properties?.messageExpiryInterval;
    const expires = expiryS === undefined || expiryS > LONGEST_EXPIRY_S ? undefined : expiryS * 1_000;
    const caller = { modelName: address.modelName, id: address.id ?? "" };
    await this.#running.run(expires, async (signal) => {
      let answer: ModelAnswer | undefined;
      let failure: unknown;
      try {
        answer = await this.#infer(address, incoming, { caller, signal });
      } catch (error) {
        failure = error ?? new TransportError("INTERNAL", "failed without a reason");
      }
      const message = answer?.message ?? encodeFailure(TransportError.from(failure, "INTERNAL"), caller);
      const head = expires === undefined ? address.head : withExpiry(address.head, incoming.inNs, expires);
      this.#publish(connection, { head, message, caller });
      this.#onServed?.({
        transport: "mqtt",
        ...caller,
        modelVersion: answer?.modelVersion ?? "",
        status: statusOfOutcome(failure),
        requestBytes: incoming.payload.byteLength,
        responseBytes: message.byteLength,
        parameters: answer?.parameters,
        // A broker stands between.
        client: "",
      });
    });
  }

  /** @param caller - gets the id as soon as it is known. */
  async #infer(
    address: ReturnAddress,
    { payload, inNs, properties }: Incoming,
    { caller, signal }: { readonly caller: { id: string }; readonly signal: CancelSignal },
  ): Promise<ModelAnswer> {
    signal.throwIfAborted();
    const problem = contentTypeProblem(properties?.contentType);
    if (problem !== undefined) throw new TransportError("INVALID_ARGUMENT", problem);
    this.#checkSize("request", payload.byteLength);
    const request = decodeInferRequest(payload);
    const { modelName, id = request.id } = address;
    if (request.modelName !== modelName || request.id !== id) {
      throw new TransportError(
        "INVALID_ARGUMENT",
        `expected a request '${id}' for the model '${modelName}' as the topic says, got '${request.id}' for '${request.modelName}'`,
      );
    }
    caller.id = id;
    const decodeNs = monotonicClock.nowNs() - inNs;
    const response = await this.#core.infer(request, signal);
    const marks = { inNs, decodeNs, nowNs: monotonicClock.nowNs, clockId: this.#clockId };
    const parameters = timedParameters(response, marks);
    const message = encodeInferResponse({ ...response, parameters });
    this.#checkSize("answer", message.byteLength);
    return { message, parameters, modelVersion: response.modelVersion };
  }

  #checkSize(what: string, bytes: number): void {
    if (bytes <= this.#maxPayloadBytes) return;
    throw new TransportError(
      "RESOURCE_EXHAUSTED",
      `the ${what} has ${bytes} bytes, more than the server's payload limit of ${this.#maxPayloadBytes} bytes`,
    );
  }

  /** An answer that the broker does not take is followed by the reason, which is smaller. */
  #publish(
    connection: BrokerConnection,
    { head, message, caller }: Answer,
    onFailure = (error: TransportError): void => {
      this.#publish(connection, { head, message: encodeFailure(error, caller), caller }, () => {});
    },
  ): void {
    try {
      // A refused packet of QoS 1 and 2 comes back by `onFailure`; the broker's own refusals leave the connection open.
      connection.publish({ message, qos: this.#qos, onWrite: () => true, onFailure, ...head });
    } catch (error) {
      // Without the connection whoever waits hears it from the broker.
      if (connection.loss === undefined) onFailure(TransportError.from(error, "INTERNAL"));
    }
  }
}

/** A good answer. */
interface ModelAnswer {
  readonly message: WireMessage;
  readonly parameters: Parameters;
  readonly modelVersion: string;
}

interface Answer {
  readonly head: PublishHead;
  readonly message: WireMessage;
  readonly caller: { readonly modelName: string; readonly id: string };
}

/** The answer of a request that expires, expires with it. */
function withExpiry(head: PublishHead, inNs: number, expiryMs: number): PublishHead {
  const leftMs = expiryMs - (monotonicClock.nowNs() - inNs) / 1e6;
  const messageExpiryInterval = Math.max(1, Math.ceil(leftMs / 1_000));
  return { topic: head.topic, properties: { messageExpiryInterval, ...head.properties } };
}
