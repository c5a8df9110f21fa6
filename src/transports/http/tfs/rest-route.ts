import type { ServerResponse } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Cancellation } from "../../../core/cancellation.ts";
import { clockId } from "../../../core/clock.ts";
import { TransportError } from "../../../core/errors.ts";
import { clientAddress, type ServedRequest, statusOfOutcome } from "../../../core/served-request.ts";
import type { ServingCore } from "../../../core/serving-core.ts";
import {
  MODEL_HEADER,
  REQUEST_HEADER,
  RESPONSE_HEADER,
  writeResponseEnvelope,
} from "../../../core/tfs/envelope.ts";
import { findModel, type ModelChoice, newest, versionsOf } from "../../../core/tfs/find-model.ts";
import { writeMetadata, writeModelHeader, writeStatus } from "../../../core/tfs/metadata-json.ts";
import { PREDICT_METHOD } from "../../../core/tfs/signature-def.ts";
import { type CodedBody, compressFor } from "../compression.ts";
import { receiveBody } from "../receive-body.ts";
import { type AnsweredPredict, answerPredict } from "./answer-predict.ts";
import { parseRestPath } from "./rest-path.ts";

/** What the route needs to know of the server. */
export interface RestRouteOptions {
  readonly transport: "tfs-http" | "kserve-v1";
  readonly maxPayloadBytes: number;
  /** Whether connections shall not be used again after their answer. */
  readonly isClosing: () => boolean;
  /** As of `ServeOptions`. */
  readonly onServed?: ((served: ServedRequest) => void) | undefined;
}

/** Everything below `/v1/`, and `GET /` of KServe. */
export function addRestRoute(app: FastifyInstance, core: ServingCore, options: RestRouteOptions): void {
  const handlePredict = predictRoute(core, options);
  app.get("/", async () => ({ status: "alive" }));
  app.all("/*", async (request, reply) => {
    const { method, url } = request;
    const path = parseRestPath(method, url.split("?")[0] ?? "");
    switch (path?.kind) {
      case undefined:
        throw new TransportError("INVALID_ARGUMENT", `Malformed request: ${method} ${url}`);
      case "list":
        return { models: core.modelNames() };
      case "status":
        return writeStatus(versionsOf(core, path.model));
      case "metadata": {
        const { metadata, modelVersion } = findModel(core, path.model);
        void reply.header(MODEL_HEADER, writeModelHeader(metadata));
        return writeMetadata(metadata, modelVersion ?? newest(metadata.versions));
      }
      case "classify":
      case "regress":
        findModel(core, path.model);
        throw new TransportError(
          "INVALID_ARGUMENT",
          `Expected ${path.kind === "classify" ? "classification" : "regression"} signature method_name to be tensorflow/serving/${path.kind}. Was: ${PREDICT_METHOD}`,
        );
      case "predict":
        return handlePredict(request, reply, path.model);
    }
  });
}

function predictRoute(
  core: ServingCore,
  { transport, maxPayloadBytes, isClosing, onServed }: RestRouteOptions,
): (request: FastifyRequest, reply: FastifyReply, model: ModelChoice) => Promise<void> {
  const clock = clockId();
  return async (request, reply, model) => {
    const { raw } = reply;
    let requestBytes = 0;
    const tell = (reason: unknown, answer?: AnsweredPredict, sentBytes = 0): void =>
      onServed?.({
        transport,
        modelName: model.modelName,
        modelVersion: answer?.modelVersion ?? model.modelVersion ?? "",
        id: answer?.id ?? "",
        status: statusOfOutcome(reason),
        requestBytes,
        responseBytes: sentBytes,
        parameters: answer?.parameters,
        client: clientAddress(request.raw.socket),
      });
    try {
      const { bytes, wireBytes, inNs } = await receiveBody(request.raw, maxPayloadBytes);
      requestBytes = wireBytes;
      const gone = new Cancellation();
      const onClose = (): void =>
        gone.abort(new TransportError("CANCELLED", "the client closed the connection"));
      raw.once("close", onClose);
      const header = request.headers[REQUEST_HEADER];
      const envelope = typeof header === "string" ? header : undefined;
      const answer = await answerPredict(
        core,
        { model, bytes, inNs, envelope },
        { clockId: clock, signal: gone, maxPayloadBytes },
      );
      raw.off("close", onClose);
      const coded = await compressFor(request.headers["accept-encoding"], [answer.body]);
      reply.hijack();
      send(raw, answer, coded, isClosing());
      tell(undefined, answer, coded?.bytes.byteLength ?? answer.body.byteLength);
    } catch (reason) {
      tell(reason);
      throw reason;
    }
  };
}

function send(
  response: ServerResponse,
  answer: AnsweredPredict,
  coded: CodedBody | undefined,
  isLast: boolean,
): void {
  const bytes = coded?.bytes ?? answer.body;
  response.writeHead(200, {
    "content-type": "application/json",
    "content-length": bytes.byteLength,
    [RESPONSE_HEADER]: writeResponseEnvelope(answer),
    ...(coded === undefined ? {} : { "content-encoding": coded.coding, vary: "accept-encoding" }),
    ...(isLast ? { connection: "close" } : {}),
  });
  response.end(bytes);
}
