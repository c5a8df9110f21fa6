import type { InferRequest, InferResponse } from "./inference.ts";
import type { ModelMetadata, ModelStatistics, ServerMetadata } from "./metadata.ts";
import type { MetricsSource } from "./metrics-source.ts";
import type { ServedRequest } from "./served-request.ts";
import type { ServingCore } from "./serving-core.ts";
import type { TensorForm } from "./tfs/envelope.ts";

/** `http-relay`: http through one relay process, the control for MQTT's way through a broker. */
export const TRANSPORTS = [
  "local",
  "http",
  "grpc",
  "grpc-stream",
  "mqtt",
  "http-relay",
  "tfs-http",
  "tfs-grpc",
  "kserve-v1",
] as const;
export type TransportName = (typeof TRANSPORTS)[number];

/** How a frame or a tensor is written; its own dimension, not a property of the transport. */
export const ENCODINGS = ["json", "binary", "jpeg", "png", "bayer"] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** `defaults`: the library as it comes (only size limits and TCP_NODELAY changed); `tuned`: what was found to help. */
export const TUNINGS = ["defaults", "tuned"] as const;
export type Tuning = (typeof TUNINGS)[number];

export type Qos = 0 | 1 | 2;

/** Of the `http` transport; 2 is spoken without TLS and without being negotiated ("prior knowledge"). */
export const HTTP_VERSIONS = ["1.1", "2"] as const;
export type HttpVersion = (typeof HTTP_VERSIONS)[number];

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
  /** tfs-grpc: how outputs travel to clients that do not ask. @default "typed", as TensorFlow Serving answers */
  readonly tfsAnswers?: TensorForm | undefined;
  /** What the listener protects itself with beside `maxPayloadBytes`. @default nothing */
  readonly limits?: ServeLimits | undefined;
  /** Told of every infer request once its answer, good or bad, has been handed over. Quick; never throws. @default nobody */
  readonly onServed?: ((served: ServedRequest) => void) | undefined;
  /** What http answers on `/metrics`. @default there is no such path */
  readonly metrics?: MetricsSource | undefined;
}

/** Protection against clients that are too many or too slow. */
export interface ServeLimits {
  /** Open connections of this listener in this process; one more is closed at once. @default no limit */
  readonly maxConnections?: number | undefined;
  /** How long a client may take to send a whole request, and its first bytes. @default no limit */
  readonly requestTimeoutMs?: number | undefined;
  /** How long `close` waits for requests in flight. @default 5_000 */
  readonly closeTimeoutMs?: number | undefined;
}

export interface MqttServeOptions {
  /** `mqtt://host:port`. */
  readonly brokerUrl: string;
  readonly qos: Qos;
  /** Name in the retained status topic. @default "wirebench"; in a group one of the group, the host and the place */
  readonly serverId?: string | undefined;
  /** Several servers of one group take turns (`$share/GROUP/…`). @default none */
  readonly group?: string | undefined;
  /** Which of the group's servers on this host it is: one that comes in its place takes its name over. @default the process id */
  readonly place?: string | undefined;
  /** The vehicle-cloud study's topics beside those of the convention. @default none */
  readonly study?: StudyServeOptions | undefined;
}

/** A picture that comes on `/vehicle_camera` is answered by a picture on `/segmented_images`, in the order they came. */
export interface StudyServeOptions {
  readonly model: string;
  /** Makes the picture that is published: a whole JPEG or PNG. Keeps nothing of the response. */
  paint(response: InferResponse): Promise<Uint8Array>;
}

export interface InferenceServer {
  /** Where clients connect: `http://127.0.0.1:8000`, `grpc://…`, `mqtt://…`, `local:1`. */
  readonly endpoint: string;
  /** What a report should say about how this listener runs, e.g. whether a tuning took effect. */
  readonly notes: readonly string[];
  /**
   * From now on says where it is asked that nothing is served here, and keeps no idle connection. Still answers. Resolves
   * when those who were told so send no more. Idempotent.
   */
  drain?(): void | Promise<void>;
  /** Stops accepting, lets requests in flight finish (at most `closeTimeoutMs`), releases the port. Idempotent. */
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
  /** @default "1.1" */
  readonly httpVersion?: HttpVersion | undefined;
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
  /** Answers so far to requests that had just been answered; absent where the protocol brings none twice. */
  readonly duplicateAnswers?: number;
  /** May overlap. Does not change the request's bytes. @throws {TransportError} for every failure. */
  infer(request: InferRequest, options: InferOptions): Promise<InferResponse>;
  /** @throws {TransportError} */
  serverMetadata(): Promise<ServerMetadata>;
  /** @throws {TransportError} NOT_FOUND for an unknown model. */
  modelMetadata(modelName: string, modelVersion?: string): Promise<ModelMetadata>;
  /** Whether the server says that it answers for the model; absent where the protocol has no such question. @throws {TransportError} */
  isModelReady?(modelName: string): Promise<boolean>;
  /**
   * The server's cumulative counters, one a version of the model; absent where the protocol has none.
   * @throws {TransportError} for a server without statistics, with whatever status it says that.
   */
  statistics?(modelName: string): Promise<readonly ModelStatistics[]>;
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
