import type * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { protoPath } from "grpc-health-check";
import type { ServingCore } from "../../core/serving-core.ts";
import { addHealthService, type HealthService } from "./health.ts";
import { INFERENCE_SERVICE, inferencePackage } from "./service.ts";

/**
 * Adds the services that gRPC's own tools look for: `grpc.health.v1.Health` (the whole server, and the inference service
 * by name) and server reflection of both.
 */
export function addStandardServices(server: grpc.Server, core: ServingCore): HealthService {
  const health = addHealthService(server, ["", INFERENCE_SERVICE], () => core.isReady());
  new ReflectionService({ ...inferencePackage(), ...loadSync(protoPath) }).addToServer(server);
  return health;
}
