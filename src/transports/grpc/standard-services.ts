import type * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { HealthImplementation, protoPath } from "grpc-health-check";
import { INFERENCE_SERVICE, inferencePackage } from "./service.ts";

/** The services that gRPC's own tools look for. */
export interface StandardServices {
  /** From now on health checks are told that nothing is served here. */
  drain(): void;
}

/**
 * Adds `grpc.health.v1.Health` (Check and Watch; the whole server, and the inference service by name) and server
 * reflection of both. The server is to be listening only when its models are ready: both say SERVING from the start.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */
export function addStandardServices(server: grpc.Server): StandardServices {
  const names = ["", INFERENCE_SERVICE];
  const health = new HealthImplementation(Object.fromEntries(names.map((name) => [name, "SERVING"])));
  health.addToServer(server);
  new ReflectionService({ ...inferencePackage(), ...loadSync(protoPath) }).addToServer(server);
  return {
    drain() {
      for (const name of names) health.setStatus(name, "NOT_SERVING");
    },
  };
}
