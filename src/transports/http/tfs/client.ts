import { Client } from "undici";
import { monotonicClock } from "../../../core/clock.ts";
import { messageOf, TransportError } from "../../../core/errors.ts";
import type { InferRequest, InferResponse } from "../../../core/inference.ts";
import type { ModelMetadata } from "../../../core/metadata.ts";
import type { FailureStatus } from "../../../core/status.ts";
import { parseEndpoint } from "../../../core/tfs/endpoint.ts";
import {
  REQUEST_HEADER,
  RESPONSE_HEADER,
  type ResponseEnvelope,
  readResponseEnvelope,
  writeRequestEnvelope,
} from "../../../core/tfs/envelope.ts";
import { parsePredictAnswer } from "../../../core/tfs/json-answer.ts";
import { type PredictLayout, writePredictBody } from "../../../core/tfs/json-predict-writer.ts";
import type { ConnectOptions, InferenceClient, InferOptions } from "../../../core/transport.ts";
import { type Answer, exchange } from "../exchange.ts";
import { askMetadata, type RestProtocol } from "./ask-metadata.ts";
import { failureOf, parseJson } from "./read-answer.ts";
import { restPath } from "./rest-path.ts";

const CONNECT_TIMEOUT_MS = 10_000;
const METADATA_TIMEOUT_MS = 10_000;
/** What a server answers that does not know the question. */
const NEVER_TOLD: ReadonlySet<FailureStatus> = new Set(["UNIMPLEMENTED", "NOT_FOUND", "INVALID_ARGUMENT"]);
/** Longer than any pause of a run: a connection that idles is not to be replaced by a new one. */
const KEEP_ALIVE_MS = 600_000;

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
  /** Outputs by the model's path, where a server told them or never will. */
  const known = new Map<string, ModelMetadata["outputs"]>();
  const refuseIfClosed = (): void => {
    if (isClosed) throw new TransportError("CANCELLED", "the client is closed");
  };
  /** Asks for paths one after another, all within one deadline. */
  const getterWithin = ({ deadlineMs, signal }: Pick<InferOptions, "deadlineMs" | "signal">) => {
    const startMs = performance.now();
    return (path: string): Promise<Answer> => {
      const leftMs = Math.max(1, Math.ceil(deadlineMs - (performance.now() - startMs)));
      const request = { method: "GET", path: `${prefix}${path}` } as const;
      return exchange(client, request, { maxBytes, deadlineMs: leftMs, signal });
    };
  };
  const get = async (path: string, deadlineMs = METADATA_TIMEOUT_MS): Promise<Answer> => {
    refuseIfClosed();
    return getterWithin({ deadlineMs })(path);
  };

  /** Of a server that does not describe its answers; where it has no signature either, numbers speak for themselves. */
  const outputsOf = async (
    { modelName, modelVersion }: InferRequest,
    limits: Pick<InferOptions, "deadlineMs" | "signal">,
  ): Promise<ModelMetadata["outputs"]> => {
    const key = restPath(modelName, modelVersion);
    const told = known.get(key);
    if (told !== undefined) return told;
    let outputs: ModelMetadata["outputs"] = [];
    try {
      ({ outputs } = await askMetadata(getterWithin(limits), { protocol, modelName, modelVersion }));
    } catch (reason) {
      const { status } = TransportError.from(reason, "INTERNAL");
      // Every other failure may pass: the answer is not guessed, and the next one asks again.
      if (!NEVER_TOLD.has(status)) throw reason;
    }
    known.set(key, outputs);
    return outputs;
  };
  const infer: InferenceClient["infer"] = async (request, { marks, signal, deadlineMs }) => {
    refuseIfClosed();
    const startMs = performance.now();
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
    const limits = { deadlineMs: deadlineMs - (performance.now() - startMs), signal };
    const outputs = envelope?.outputs ?? (await outputsOf(request, limits));
    return responseOf(request, answer.body, envelope, outputs);
  };
  /** Answers that are not given yet: to read one may need the connection once more. */
  const pending = new Set<Promise<unknown>>();

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
    infer(request, inferOptions) {
      const answer = infer(request, inferOptions);
      pending.add(answer);
      const forget = (): boolean => pending.delete(answer);
      answer.then(forget, forget);
      return answer;
    },
    serverMetadata() {
      // Neither protocol says who serves.
      refuseIfClosed();
      const name = protocol === "tfs+http" ? "TensorFlow Serving" : "KServe V1";
      return Promise.resolve({ name, version: "", extensions: [] });
    },
    async modelMetadata(modelName, modelVersion) {
      refuseIfClosed();
      const ask = getterWithin({ deadlineMs: METADATA_TIMEOUT_MS });
      const metadata = await askMetadata(ask, { protocol, modelName, modelVersion });
      known.set(restPath(modelName, modelVersion), metadata.outputs);
      return metadata;
    },
    async isModelReady(modelName) {
      const answer = await get(restPath(modelName));
      if (answer.code === 404) throw failureOf(answer);
      return answer.code === 200 && isAvailable(parseJson(answer.body));
    },
    async close() {
      isClosed = true;
      await Promise.allSettled(pending);
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
