import type { InferRequest, InferResponse } from "./inference.ts";
import type { ModelMetadata, ServerMetadata } from "./metadata.ts";
import type { ServingCore } from "./serving-core.ts";

/** `http-relay`: http through one relay process, the control for MQTT's way through a broker. */
export const TRANSPORTS = ["local", "http", "grpc", "mqtt", "http-relay"] as const;
export type TransportName = (typeof TRANSPORTS)[number];

/** How a frame or a tensor is written; its own dimension, not a property of the transport. */
export const ENCODINGS = ["json", "binary", "jpeg", "png", "bayer"] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** `defaults`: the library as it comes (only size limits and TCP_NODELAY changed); `tuned`: what was found to help. */
export const TUNINGS = ["defaults", "tuned"] as const;
export type Tuning = (typeof TUNINGS)[number];

export type Qos = 0 | 1 | 2;

/** MQTT's largest packet: the payload limit of every transport unless configured. */
export const DEFAULT_MAX_PAYLOAD_BYTES = 268_435_455;

export interface ServeOptions {
  readonly host: string;
  /** 0 lets the operating system choose; the answer is in `endpoint`. Unused by `mqtt`, which goes to a broker. */
  readonly port: number;
  /** Larger requests fail with RESOURCE_EXHAUSTED. The same on every transport. */
  readonly maxPayloadBytes: number;
  readonly tuning: Tuning;
  readonly mqtt?: MqttServeOptions | undefined;
}

export interface MqttServeOptions {
  /** `mqtt://host:port`. */
  readonly brokerUrl: string;
  readonly qos: Qos;
  /** Name in the retained status topic. @default "wirebench" */
  readonly serverId?: string | undefined;
  /** Several servers of one group take turns (`$share/GROUP/…`). @default none */
  readonly group?: string | undefined;
}

export interface InferenceServer {
  /** Where clients connect: `http://127.0.0.1:8000`, `grpc://…`, `mqtt://…`, `local:1`. */
  readonly endpoint: string;
  /** What a report should say about how this listener runs, e.g. whether a tuning took effect. */
  readonly notes: readonly string[];
  /** Stops accepting, lets requests in flight finish (at most 5 s), releases the port. Idempotent. */
  close(): Promise<void>;
}

export interface ConnectOptions {
  /** The largest message either way; a larger request fails with RESOURCE_EXHAUSTED before it is sent. */
  readonly maxPayloadBytes: number;
  readonly tuning: Tuning;
  /** The form of tensors on the wire: `json` writes numbers, anything else travels as raw bytes. */
  readonly encoding: Encoding;
  /** @default 10_000 */
  readonly connectTimeoutMs?: number | undefined;
  /** @default 0 */
  readonly qos?: Qos | undefined;
}

/** Written by the client into the caller's object, for failures too. */
export interface Marks {
  /** The encoded bytes were handed to the client library. 0 until then. Nanoseconds, `monotonicClock`. */
  sentNs: number;
  /** The callback with the whole answer, before decoding. 0 until then. */
  receivedNs: number;
  /** Bytes of the message that carries the request (HTTP: body), without the transport's own framing. */
  requestPayloadBytes: number;
  responsePayloadBytes: number;
}

export function createMarks(): Marks {
  return { sentNs: 0, receivedNs: 0, requestPayloadBytes: 0, responsePayloadBytes: 0 };
}

export interface InferOptions {
  readonly marks: Marks;
  /** Aborted with a `TransportError` as its reason: that error is what `infer` then rejects with. */
  readonly signal?: AbortSignal | undefined;
  /** The client gives up with DEADLINE_EXCEEDED after this time; the server is told where the transport can. */
  readonly deadlineMs: number;
}

/** One connection (one TCP connection of its own) to a server. */
export interface InferenceClient {
  /** The protocol's version in use: `1.1`, `2`, `3.1.1`, `5`; empty for `local`. */
  readonly protocolVersion: string;
  /** May overlap. Does not change the request's bytes. @throws {TransportError} for every failure. */
  infer(request: InferRequest, options: InferOptions): Promise<InferResponse>;
  /** @throws {TransportError} */
  serverMetadata(): Promise<ServerMetadata>;
  /** @throws {TransportError} NOT_FOUND for an unknown model. */
  modelMetadata(modelName: string, modelVersion?: string): Promise<ModelMetadata>;
  /** Refuses new requests with CANCELLED, waits for those in flight, then releases the socket. Idempotent. */
  close(): Promise<void>;
  /** Fails what is in flight with CANCELLED and releases the socket now. Idempotent. */
  destroy(): Promise<void>;
}

/** One way for requests to reach a serving core. */
export interface Transport {
  readonly name: TransportName;
  readonly encodings: readonly Encoding[];
  /** @throws {TransportError} UNAVAILABLE when the address cannot be had or the broker not be reached. */
  serve(core: ServingCore, options: ServeOptions): Promise<InferenceServer>;
  /** Resolves once connected. @throws {TransportError} UNAVAILABLE when nobody answers. */
  connect(endpoint: string, options: ConnectOptions): Promise<InferenceClient>;
}
