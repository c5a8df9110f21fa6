import type { FastifyInstance, FastifyReply, HTTPMethods } from "fastify";
import { clockId } from "../../core/clock.ts";
import { TransportError } from "../../core/errors.ts";
import { writeStatistics } from "../../core/oip/statistics.ts";
import type { ServingCore } from "../../core/serving-core.ts";
import { compressFor } from "./compression.ts";
import { answerInfer, type ModelPath, sendInfer } from "./infer-handler.ts";
import { receiveBody } from "./receive-body.ts";
import { PAYLOAD_TOO_LARGE } from "./status-codes.ts";

interface ModelParams {
  readonly model: string;
  readonly version?: string;
}

const METHODS: readonly HTTPMethods[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/**
 * The paths of the V2 REST API.
 *
 * @param options - `isClosing`: whether connections shall not be used again after their answer.
 */
export function addRoutes(
  app: FastifyInstance,
  core: ServingCore,
  options: { readonly maxPayloadBytes: number; readonly isClosing: () => boolean },
): void {
  const { maxPayloadBytes } = options;
  const clock = clockId();
  get(app, "/v2", () => core.serverMetadata());
  get(app, "/v2/health/live", () => ({ live: true }));
  get(app, "/v2/health/ready", (_params, reply) => {
    const ready = core.isReady();
    // Clients judge by the code alone; 400 is Triton's.
    if (!ready) void reply.code(400);
    return { ready };
  });
  get(app, "/v2/models/stats", () => writeStatistics(core.statistics()));
  for (const base of ["/v2/models/:model", "/v2/models/:model/versions/:version"]) {
    get(app, base, (params) => {
      const { modelName, modelVersion } = modelOf(params);
      return core.modelMetadata(modelName, modelVersion);
    });
    get(app, `${base}/ready`, (params) => {
      const { modelName, modelVersion } = modelOf(params);
      if (core.isModelReady(modelName, modelVersion)) return { name: modelName, ready: true };
      throw new TransportError("FAILED_PRECONDITION", `model '${modelName}' is not ready`);
    });
    get(app, `${base}/config`, (params) => {
      const { modelName, modelVersion } = modelOf(params);
      return core.modelConfiguration(modelName, modelVersion);
    });
    get(app, `${base}/stats`, (params) => {
      const { modelName, modelVersion } = modelOf(params);
      return writeStatistics(core.statistics(modelName, modelVersion));
    });
    app.post<{ Params: ModelParams }>(`${base}/infer`, async (request, reply) => {
      const { raw } = reply;
      const body = await receiveBody(request.raw, maxPayloadBytes).catch((reason: unknown) => {
        if (TransportError.from(reason).status === "RESOURCE_EXHAUSTED") void reply.code(PAYLOAD_TOO_LARGE);
        throw reason;
      });
      const gone = new AbortController();
      const onClose = (): void =>
        gone.abort(new TransportError("CANCELLED", "the client closed the connection"));
      raw.once("close", onClose);
      const answer = await answerInfer(core, modelOf(request.params), body, {
        clockId: clock,
        signal: gone.signal,
        maxPayloadBytes,
      });
      raw.off("close", onClose);
      const coded = await compressFor(request.headers["accept-encoding"], answer.parts);
      reply.hijack();
      sendInfer(raw, answer, { coded, isLast: options.isClosing() });
    });
    refuseOthers(app, `${base}/infer`, ["POST"]);
  }
}

function get(
  app: FastifyInstance,
  url: string,
  answer: (params: ModelParams, reply: FastifyReply) => unknown,
): void {
  app.get<{ Params: ModelParams }>(url, async (request, reply) => answer(request.params, reply));
  refuseOthers(app, url, ["GET", "HEAD"]);
}

function modelOf({ model, version }: ModelParams): ModelPath {
  return { modelName: model, modelVersion: version };
}

function refuseOthers(app: FastifyInstance, url: string, allowed: readonly HTTPMethods[]): void {
  app.route({
    method: METHODS.filter((method) => !allowed.includes(method)),
    url,
    handler: async (request, reply) => {
      await reply
        .code(405)
        .header("allow", allowed.join(", "))
        .send({ error: `${request.method} is not allowed here, only ${allowed.join(", ")}` });
    },
  });
}
