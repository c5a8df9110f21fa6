import type { Socket } from "node:net";
import { buildConnector, Client } from "undici";
import { monotonicClock } from "../../core/clock.ts";
import { messageOf, TransportError } from "../../core/errors.ts";
import type { ModelMetadata, ServerMetadata } from "../../core/metadata.ts";
import type { ConnectOptions, InferenceClient } from "../../core/transport.ts";
import { decodeResponse, encodeRequest, HEADER_LENGTH, modelPath } from "./codec.ts";
import { type Answer, exchange } from "./exchange.ts";
import { gatheredBody } from "./gathered-body.ts";
import { readModelMetadata, readServerMetadata } from "./metadata.ts";
import { STATUS_HEADER, statusOfHttp } from "./status-codes.ts";

const CONNECT_TIMEOUT_MS = 10_000;
const METADATA_TIMEOUT_MS = 10_000;
/** Longer than any pause of a run: a connection that idles is not to be replaced by a new one. */
const KEEP_ALIVE_MS = 600_000;

/**
 * Opens one TCP connection to a V2 REST server; overlapping requests wait for each other on it (no pipelining).
 *
 * @param endpoint - `http://host:port`, also with a path in front of the server's own.
 * @throws {TransportError} UNAVAILABLE when nobody answers in time, INVALID_ARGUMENT for an endpoint that is no such URL.
 */
export async function connectHttp(endpoint: string, options: ConnectOptions): Promise<InferenceClient> {
  const url = parseEndpoint(endpoint);
  const prefix = url.pathname.replace(/\/+$/, "");
  const connectTimeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  const { maxPayloadBytes: maxBytes, encoding } = options;
  const connector = buildConnector({ timeout: connectTimeoutMs, noDelay: true });
  let socket: Socket | undefined;
  const client = new Client(url.origin, {
    pipelining: 1,
    connect(target, done) {
      connector(target, (...ends) => {
        socket = ends[1] ?? undefined;
        done(...ends);
      });
    },
    // The only timeout is the deadline of each request.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
  });
  let isClosed = false;
  const refuseIfClosed = (): void => {
    if (isClosed) throw new TransportError("CANCELLED", "the client is closed");
  };
  const get = async (path: string, deadlineMs: number): Promise<Answer> => {
    refuseIfClosed();
    return exchange(client, { method: "GET", path: `${prefix}${path}` }, { maxBytes, deadlineMs });
  };
  const getJson = async (path: string): Promise<unknown> => {
    const answer = await get(path, METADATA_TIMEOUT_MS);
    if (answer.code !== 200) throw failureOf(answer);
    return parseJson(answer.body);
  };

  try {
    // Any answer will do: foreign servers may not have this path.
    await get("/v2/health/live", connectTimeoutMs);
  } catch (reason) {
    await client.destroy();
    throw new TransportError("UNAVAILABLE", `no HTTP server answers at ${endpoint}: ${messageOf(reason)}`, {
      cause: reason,
    });
  }

  return {
    protocolVersion: "1.1",
    async infer(request, { marks, signal, deadlineMs }) {
      refuseIfClosed();
      const { path, headers, parts, totalBytes } = encodeRequest(request, encoding);
      if (totalBytes > maxBytes) {
        throw new TransportError(
          "RESOURCE_EXHAUSTED",
          `the request has ${totalBytes} bytes, over the limit of ${maxBytes}`,
        );
      }
      const body = parts.length === 1 ? parts[0] : gatheredBody(parts, () => socket);
      const answer = await exchange(
        client,
        // undici takes iterables too; its types do not say so.
        { method: "POST", path: `${prefix}${path}`, headers: [...headers], body: body as Uint8Array },
        {
          maxBytes,
          deadlineMs,
          signal,
          onSent: () => {
            marks.requestPayloadBytes = totalBytes;
            marks.sentNs = monotonicClock.nowNs();
          },
          onReceived: (bodyBytes) => {
            marks.receivedNs = monotonicClock.nowNs();
            marks.responsePayloadBytes = bodyBytes;
          },
        },
      );
      if (answer.code !== 200) throw failureOf(answer);
      return decodeResponse(answer.body, answer.headers[HEADER_LENGTH]);
    },
    async serverMetadata(): Promise<ServerMetadata> {
      return readServerMetadata(await getJson("/v2"));
    },
    async modelMetadata(modelName, modelVersion): Promise<ModelMetadata> {
      return readModelMetadata(await getJson(modelPath(modelName, modelVersion)));
    },
    async close() {
      isClosed = true;
      if (!client.closed && !client.destroyed) await client.close();
    },
    async destroy() {
      isClosed = true;
      if (!client.destroyed)
        await client.destroy(new TransportError("CANCELLED", "the client was destroyed"));
    },
  };
}

function parseEndpoint(endpoint: string): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url?.protocol !== "http:") {
    throw new TransportError(
      "INVALID_ARGUMENT",
      `expected an endpoint like http://host:port, got '${endpoint}'`,
    );
  }
  return url;
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch (reason) {
    throw new TransportError("INTERNAL", `the server's answer is not JSON: ${messageOf(reason)}`, {
      cause: reason,
    });
  }
}

/** The error of an answer that is not 200: `{"error": "…"}`, or whatever text a foreign server sends. */
function failureOf({ code, headers, body }: Answer): TransportError {
  const text = new TextDecoder().decode(body.subarray(0, 1_000));
  let message = text;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && "error" in value) message = String(value.error);
  } catch {
    // A proxy's page, say: its text is all there is.
  }
  return new TransportError(statusOfHttp(code, headers[STATUS_HEADER]), messageOf(message) || `HTTP ${code}`);
}
