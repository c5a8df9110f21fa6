import type { FastifyInstance } from "fastify";
import type { MetricsSource } from "../../core/metrics-source.ts";
import { addGet } from "./add-route.ts";

/** `GET /metrics`: what Prometheus reads. */
export function addMetricsRoute(app: FastifyInstance, metrics: MetricsSource): void {
  addGet(app, "/metrics", async (_params, reply) => {
    const { contentType, text } = await metrics.page();
    void reply.header("content-type", contentType).header("cache-control", "no-store");
    return text;
  });
}
