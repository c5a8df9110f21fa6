import { fastify } from "fastify";
import type { MetricsSource } from "../../core/metrics-source.ts";
import type { InferenceServer } from "../../core/transport.ts";
import { endpointOf } from "./endpoint-of.ts";
import { listenError } from "./listen-error.ts";
import { addMetricsRoute } from "./metrics-route.ts";
import { answerClientError, answerError, setErrorAnswers } from "./server-errors.ts";

/** Where Triton has its metrics. */
export const DEFAULT_METRICS_PORT = 8002;

/**
 * Listens with `GET /metrics` alone, beside the ports that serve models.
 *
 * @param options - `port` 0 lets the operating system choose.
 * @throws {TransportError} UNAVAILABLE when the address cannot be had.
 */
export async function serveMetrics(
  metrics: MetricsSource,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<InferenceServer> {
  const app = fastify({
    logger: false,
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true },
    frameworkErrors: (reason, _request, reply) => void answerError(reason, reply),
    clientErrorHandler: answerClientError,
  });
  setErrorAnswers(app);
  addMetricsRoute(app, metrics);
  try {
    await app.listen({ host, port });
  } catch (reason) {
    await app.close();
    throw listenError(reason, host, port);
  }
  let closing: Promise<void> | undefined;
  return {
    endpoint: `${endpointOf(app.server.address(), host)}/metrics`,
    notes: [],
    close: () => (closing ??= app.close()),
  };
}
