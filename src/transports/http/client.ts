import { monotonicClock } from "../../core/clock.ts";
import { messageOf, TransportError } from "../../core/errors.ts";
import type { ModelMetadata, ServerMetadata } from "../../core/metadata.ts";
import { readStatistics } from "../../core/oip/statistics.ts";
import type { ConnectOptions, InferenceClient } from "../../core/transport.ts";
import type { Answer } from "./answer-under-way.ts";
import { decodeResponse, encodeRequest, HEADER_LENGTH, modelPath } from "./codec.ts";
import { createHttp1Connection } from "./http1-connection.ts";
import { createHttp2Connection } from "./http2-connection.ts";
import { readModelMetadata, readServerMetadata } from "./metadata.ts";
import { STATUS_HEADER, statusOfHttp } from "./status-codes.ts";

const CONNECT_TIMEOUT_MS = 10_000;
const METADATA_TIMEOUT_MS = 10_000;
/** How much of an error is read, and how much of its text is told. */
const MOST_ERROR_BYTES = 65_536;
const MOST_MESSAGE_LENGTH = 1_000;

const createConnection = { "1.1": createHttp1Connection, "2": createHttp2Connection } as const;

/**
 * Opens one TCP connection to a V2 REST server. Overlapping requests wait for each other on it with HTTP/1.1 (no
 * pipelining), and share it with HTTP/2.
 *
 * @param endpoint - `http://host:port`, also with a path in front of the server's own.
 * @throws {TransportError} UNAVAILABLE when nobody answers in time, INVALID_ARGUMENT for an endpoint that is no such URL.
 */
export async function connectHttp(endpoint: string, options: ConnectOptions): Promise<InferenceClient> {
  const url = parseEndpoint(endpoint);
  const prefix = url.pathname.replace(/\/+$/, "");
  const connectTimeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  const { maxPayloadBytes: maxBytes, encoding } = options;
  const version = options.httpVersion ?? "1.1";
  const connection = createConnection[version]({
    origin: url.origin,
    connectTimeoutMs,
    tuned: options.tuning === "tuned",
  });
  let isClosed = false;
  const refuseIfClosed = (): void => {
    if (isClosed) throw new TransportError("CANCELLED", "the client is closed");
  };
  const get = async (path: string, deadlineMs: number): Promise<Answer> => {
    refuseIfClosed();
    return connection.exchange({ method: "GET", path: `${prefix}${path}` }, { maxBytes, deadlineMs });
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
    await connection.destroy();
    const kind = version === "2" ? "HTTP/2" : "HTTP";
    throw new TransportError(
      "UNAVAILABLE",
      `no ${kind} server answers at ${endpoint}: ${messageOf(reason)}`,
      {
        cause: reason,
      },
    );
  }

  return {
    protocolVersion: version,
    async infer(request, { marks, signal, deadlineMs }) {
      refuseIfClosed();
      const { path, headers, parts, totalBytes } = encodeRequest(request, encoding);
      if (totalBytes > maxBytes) {
        throw new TransportError(
          "RESOURCE_EXHAUSTED",
          `the request has ${totalBytes} bytes, over the limit of ${maxBytes}`,
        );
      }
      const answer = await connection.exchange(
        { method: "POST", path: `${prefix}${path}`, headers, parts },
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
    async isModelReady(modelName) {
      // Only the code counts: bodies differ, Triton's is empty.
      const answer = await get(`${modelPath(modelName)}/ready`, METADATA_TIMEOUT_MS);
      if (answer.code === 200) return true;
      const failure = failureOf(answer);
      if (failure.status === "NOT_FOUND" || failure.status === "UNIMPLEMENTED") throw failure;
      return false;
    },
    async statistics(modelName) {
      return readStatistics(await getJson(`${modelPath(modelName)}/stats`));
    },
    async close() {
      isClosed = true;
      await connection.close();
    },
    async destroy() {
      isClosed = true;
      await connection.destroy();
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
  const text = new TextDecoder().decode(body.subarray(0, MOST_ERROR_BYTES));
  let message = text;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && "error" in value) message = String(value.error);
  } catch {
    // A proxy's page, say: its text is all there is.
  }
  const shortened = messageOf(message).slice(0, MOST_MESSAGE_LENGTH);
  return new TransportError(statusOfHttp(code, headers[STATUS_HEADER]), shortened || `HTTP ${code}`);
}
