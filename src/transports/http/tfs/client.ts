import { Client } from "undici";
import { monotonicClock } from "../../../core/clock.ts";
import { messageOf, TransportError } from "../../../core/errors.ts";
import type { InferRequest, InferResponse } from "../../../core/inference.ts";
import type { ModelMetadata } from "../../../core/metadata.ts";
import { parseEndpoint } from "../../../core/tfs/endpoint.ts";
import {
  MODEL_HEADER,
  REQUEST_HEADER,
  RESPONSE_HEADER,
  type ResponseEnvelope,
  readResponseEnvelope,
  writeRequestEnvelope,
} from "../../../core/tfs/envelope.ts";
import { parsePredictAnswer } from "../../../core/tfs/json-answer.ts";
import { type PredictLayout, writePredictBody } from "../../../core/tfs/json-predict-writer.ts";
import { readMetadata, withModelHeader } from "../../../core/tfs/metadata-json.ts";
import type { ConnectOptions, InferenceClient } from "../../../core/transport.ts";
import { type Answer, exchange } from "../exchange.ts";
import { readModelMetadata } from "../metadata.ts";
import { STATUS_HEADER, statusOfHttp } from "../status-codes.ts";
import { restPath } from "./rest-path.ts";

const CONNECT_TIMEOUT_MS = 10_000;
const METADATA_TIMEOUT_MS = 10_000;
/** Longer than any pause of a run: a connection that idles is not to be replaced by a new one. */
const KEEP_ALIVE_MS = 600_000;

/** The two protocols that share a form of bodies. */
export type RestProtocol = "tfs+http" | "kserve-v1+http";

/**
 * Opens one TCP connection to a server of TensorFlow Serving's REST interface or of KServe's V1 protocol; overlapping
 * requests wait for each other on it. Requests are sent in row form where they can be (`instances`), else in column form,
 * which KServe's V1 protocol does not have.
 *
 * @throws {TransportError} UNAVAILABLE when nobody answers in time, INVALID_ARGUMENT for an endpoint that is no such URL.
 */
export async function connectTfsHttp(
  endpoint: string,
  options: ConnectOptions,
  protocol: RestProtocol,
): Promise<InferenceClient> {
  const { hostPort, prefix } = parseEndpoint(endpoint, protocol);
  const { maxPayloadBytes: maxBytes, connectTimeoutMs = CONNECT_TIMEOUT_MS } = options;
  const client = new Client(`http://${hostPort}`, {
    pipelining: 1,
    connect: { timeout: connectTimeoutMs, noDelay: true },
    // The only timeout is the deadline of each request.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
  });
  let isClosed = false;
  const known = new Map<string, Promise<ModelMetadata | undefined>>();
  const refuseIfClosed = (): void => {
    if (isClosed) throw new TransportError("CANCELLED", "the client is closed");
  };
  const get = async (path: string, deadlineMs = METADATA_TIMEOUT_MS): Promise<Answer> => {
    refuseIfClosed();
    return exchange(client, { method: "GET", path: `${prefix}${path}` }, { maxBytes, deadlineMs });
  };

  const modelMetadata = async (modelName: string, modelVersion?: string): Promise<ModelMetadata> => {
    const path = restPath(modelName, modelVersion);
    const answer = await get(`${path}/metadata`);
    if (answer.code === 200) {
      return withModelHeader(readMetadata(parseJson(answer.body)), answer.headers[MODEL_HEADER]);
    }
    if (protocol === "tfs+http") throw failureOf(answer);
    return kserveMetadata(get, modelName, answer);
  };
  /** Of a server that does not describe its answers; where it has no signature either, numbers speak for themselves. */
  const outputsOf = async ({ modelName, modelVersion }: InferRequest): Promise<ModelMetadata["outputs"]> => {
    const key = restPath(modelName, modelVersion);
    const asked = known.get(key) ?? modelMetadata(modelName, modelVersion).catch(() => undefined);
    known.set(key, asked);
    return (await asked)?.outputs ?? [];
  };

  try {
    // Any answer will do: servers differ in what they have beside their models.
    await get("/v1/models", connectTimeoutMs);
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
      const body = writePredictBody(request.inputs, layoutOf(request, protocol));
      if (body.byteLength > maxBytes) {
        throw new TransportError(
          "RESOURCE_EXHAUSTED",
          `the request has ${body.byteLength} bytes, over the limit of ${maxBytes}`,
        );
      }
      const path = `${prefix}${restPath(request.modelName, request.modelVersion)}:predict`;
      const headers = {
        "content-type": "application/json",
        [REQUEST_HEADER]: writeRequestEnvelope(request),
      };
      const answer = await exchange(
        client,
        { method: "POST", path, headers, body },
        {
          maxBytes,
          deadlineMs,
          signal,
          onSent: () => {
            marks.requestPayloadBytes = body.byteLength;
            marks.sentNs = monotonicClock.nowNs();
          },
          onReceived: (bodyBytes) => {
            marks.receivedNs = monotonicClock.nowNs();
            marks.responsePayloadBytes = bodyBytes;
          },
        },
      );
      if (answer.code !== 200) throw failureOf(answer);
      const envelope = readResponseEnvelope(answer.headers[RESPONSE_HEADER]);
      return responseOf(request, answer.body, envelope, envelope?.outputs ?? (await outputsOf(request)));
    },
    serverMetadata() {
      // Neither protocol says who serves.
      refuseIfClosed();
      const name = protocol === "tfs+http" ? "TensorFlow Serving" : "KServe V1";
      return Promise.resolve({ name, version: "", extensions: [] });
    },
    modelMetadata,
    async isModelReady(modelName) {
      const answer = await get(restPath(modelName));
      if (answer.code === 404) throw failureOf(answer);
      return answer.code === 200 && isAvailable(parseJson(answer.body));
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

/** Row form where every input has one first size, which is the batch. @throws {TransportError} INVALID_ARGUMENT */
function layoutOf({ inputs }: InferRequest, protocol: RestProtocol): PredictLayout {
  const [first] = inputs;
  const isRow =
    first !== undefined && inputs.every(({ shape }) => shape.length > 0 && shape[0] === first.shape[0]);
  // An empty list of instances has no names.
  if (isRow && (inputs.length === 1 || first.shape[0] !== 0)) return "row";
  if (protocol === "tfs+http") return "column";
  throw new TransportError(
    "INVALID_ARGUMENT",
    "KServe's V1 protocol has instances only: every input needs the same first size",
  );
}

function responseOf(
  { modelName, modelVersion, id }: InferRequest,
  body: Uint8Array,
  envelope: ResponseEnvelope | undefined,
  outputs: ModelMetadata["outputs"],
): InferResponse {
  // An exchange is one request and its answer: the id need not travel back.
  return {
    modelName,
    modelVersion: envelope?.modelVersion ?? modelVersion ?? "",
    id,
    parameters: envelope?.parameters,
    outputs: parsePredictAnswer(body, outputs),
  };
}

/** KServe's model servers tell the signature by their V2 protocol, where they have it. */
async function kserveMetadata(
  get: (path: string) => Promise<Answer>,
  modelName: string,
  refusal: Answer,
): Promise<ModelMetadata> {
  const answer = await get(`/v2/models/${encodeURIComponent(modelName)}`);
  if (answer.code === 200) return readModelMetadata(parseJson(answer.body));
  const ready = await get(restPath(modelName));
  if (ready.code === 404) throw failureOf(ready);
  throw new TransportError(
    "UNIMPLEMENTED",
    `the server does not tell the signature of '${modelName}' (${failureOf(refusal).message})`,
  );
}

/** TensorFlow Serving tells states, KServe `ready`. */
function isAvailable(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  if ("ready" in value) return value.ready === true || String(value.ready).toLowerCase() === "true";
  if (!("model_version_status" in value) || !Array.isArray(value.model_version_status)) return true;
  return value.model_version_status.some(
    (version: unknown) =>
      typeof version === "object" && version !== null && "state" in version && version.state === "AVAILABLE",
  );
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
  const text = new TextDecoder().decode(body.subarray(0, 10_000));
  let message = text;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && "error" in value) message = String(value.error);
  } catch {
    // A proxy's page, say: its text is all there is.
  }
  return new TransportError(statusOfHttp(code, headers[STATUS_HEADER]), messageOf(message) || `HTTP ${code}`);
}
