import type { FastifyInstance } from "fastify";
import { TransportError } from "../../core/errors.ts";
import { writeStatistics } from "../../core/oip/statistics.ts";
import type { ServingCore } from "../../core/serving-core.ts";
import { addGet } from "./add-route.ts";
import { addInferRoute, type RouteOptions } from "./infer-route.ts";
import { type ModelParams, modelOf } from "./model-path.ts";
import { addRepositoryRoutes } from "./repository-routes.ts";
import { addUnsupportedRoutes } from "./unsupported-routes.ts";

/** The paths of the V2 REST API. */
export function addRoutes(app: FastifyInstance, core: ServingCore, options: RouteOptions): void {
  addGet(app, "/v2", () => core.serverMetadata());
  addGet(app, "/v2/health/live", () => ({ live: true }));
  addGet(app, "/v2/health/ready", (_params, reply) => {
    const ready = core.isReady();
    // Clients judge by the code alone; 400 is Triton's.
    if (!ready) void reply.code(400);
    return { ready };
  });
  addGet(app, "/v2/models/stats", () => writeStatistics(core.statistics()));
  for (const base of ["/v2/models/:model", "/v2/models/:model/versions/:version"]) {
    addGet<ModelParams>(app, base, (params) => {
      const { modelName, modelVersion } = modelOf(params);
      return core.modelMetadata(modelName, modelVersion);
    });
    addGet<ModelParams>(app, `${base}/ready`, (params) => {
      const { modelName, modelVersion } = modelOf(params);
      if (core.isModelReady(modelName, modelVersion)) return { name: modelName, ready: true };
      throw new TransportError("FAILED_PRECONDITION", `model '${modelName}' is not ready`);
    });
    addGet<ModelParams>(app, `${base}/config`, (params) => {
      const { modelName, modelVersion } = modelOf(params);
      return core.modelConfiguration(modelName, modelVersion);
    });
    addGet<ModelParams>(app, `${base}/stats`, (params) => {
      const { modelName, modelVersion } = modelOf(params);
      return writeStatistics(core.statistics(modelName, modelVersion));
    });
    addInferRoute(app, core, base, options);
  }
  addRepositoryRoutes(app, core, options.maxPayloadBytes);
  addUnsupportedRoutes(app);
}
