import type { ServingCore } from "../../core/serving-core.ts";
import type { InferenceServer, ServeOptions } from "../../core/transport.ts";
import { leaveConnections, limitConnections } from "./connection-guard.ts";
import { createApp, listen } from "./create-app.ts";
import { endpointOf } from "./endpoint-of.ts";
import { WINDOW_BYTES } from "./http2-settings.ts";
import { addMetricsRoute } from "./metrics-route.ts";
import { offerHttp2 } from "./offer-http2.ts";
import { refuseEarly } from "./refuse-early.ts";
import { answerError, setErrorAnswers } from "./server-errors.ts";
import { addRoutes } from "./server-routes.ts";

/** How long requests in flight may take when the server closes, unless it is told otherwise. */
const CLOSE_MS = 5_000;

/**
 * Listens with the V2 REST API.
 *
 * @throws {TransportError} UNAVAILABLE when the address cannot be had.
 */
export async function serveHttp(core: ServingCore, options: ServeOptions): Promise<InferenceServer> {
  const { host, port, maxPayloadBytes, limits = {} } = options;
  let isClosing = false;
  const app = createApp(limits, answerError);
  const tuned = options.tuning === "tuned";
  const { requestTimeoutMs } = limits;
  const http2 = offerHttp2(
    app.server,
    // Node's compatibility layer has what fastify needs of HTTP/1.1's classes.
    (request, response) => app.routing(request as never, response as never),
    { tuned, requestTimeoutMs },
  );
  refuseEarly(app.server, maxPayloadBytes);
  limitConnections(app.server, limits.maxConnections);
  setErrorAnswers(app);
  addRoutes(app, core, {
    maxPayloadBytes,
    isClosing: () => isClosing,
    onServed: options.onServed,
  });
  if (options.metrics !== undefined) addMetricsRoute(app, options.metrics);
  await listen(app, host, port);

  const close = async (): Promise<void> => {
    isClosing = true;
    http2.leave();
    const closed = app.close();
    const timer = setTimeout(() => {
      app.server.closeAllConnections();
      http2.destroy();
    }, limits.closeTimeoutMs ?? CLOSE_MS);
    await closed;
    clearTimeout(timer);
  };
  let closing: Promise<void> | undefined;
  return {
    endpoint: endpointOf(app.server.address(), host),
    notes: tuned
      ? [
          `http: nothing to tune in HTTP/1.1's library beyond the process's settings; HTTP/2 windows of ${WINDOW_BYTES} bytes`,
        ]
      : [],
    drain() {
      if (!isClosing) {
        leaveConnections(app.server);
        http2.leave();
      }
      isClosing = true;
    },
    close: () => (closing ??= close()),
  };
}
