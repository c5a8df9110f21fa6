import type { HttpVersion } from "../../core/transport.ts";
import type { Answer, ExchangeOptions } from "./answer-under-way.ts";

/** A request as the codec makes it; the version of HTTP does not show in it. */
export interface HttpRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** Names in lower case and values in turn. */
  readonly headers?: readonly string[];
  /** The body, by reference; absent: none. At least one part. */
  readonly parts?: readonly Uint8Array[];
}

/** One TCP connection to a server; where it breaks, the next request opens another. */
export interface HttpConnection {
  readonly version: HttpVersion;
  /** One request and its whole answer, whatever its code. @throws {TransportError} for everything that is no answer. */
  exchange(request: HttpRequest, options: ExchangeOptions): Promise<Answer>;
  /** Waits for what is in flight. Idempotent. */
  close(): Promise<void>;
  /** Fails what is in flight with CANCELLED. Idempotent. */
  destroy(): Promise<void>;
}

export interface HttpConnectionOptions {
  readonly origin: string;
  readonly connectTimeoutMs: number;
  readonly tuned: boolean;
}
