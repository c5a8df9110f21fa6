import { fastify } from "fastify";
import type { ServingCore } from "../../core/serving-core.ts";
import type { InferenceServer, ServeOptions } from "../../core/transport.ts";
import { leaveConnections, limitConnections, slowClientOptions } from "./connection-guard.ts";
import { endpointOf } from "./endpoint-of.ts";
import { WINDOW_BYTES } from "./http2-settings.ts";
import { listenAddress } from "./listen-address.ts";
import { listenError } from "./listen-error.ts";
import { addMetricsRoute } from "./metrics-route.ts";
import { offerHttp2 } from "./offer-http2.ts";
import { refuseEarly } from "./refuse-early.ts";
import { answerClientError, answerError, setErrorAnswers } from "./server-errors.ts";
import { addRoutes } from "./server-routes.ts";

/** Longer than any pause of a run: the server must not close a connection that a client is about to use. */
const KEEP_ALIVE_MS = 600_000;
/** How long requests in flight may take when the server closes, unless it is told otherwise. */
const CLOSE_MS = 5_000;
/** Percent-encoded names of models may be longer than fastify's 100 characters. */
const MAX_NAME_LENGTH = 1_024;

/**
 * Listens with the V2 REST API.
 *
 * @throws {TransportError} UNAVAILABLE when the address cannot be had.
 */
export async function serveHttp(core: ServingCore, options: ServeOptions): Promise<InferenceServer> {
  const { host, port, maxPayloadBytes, limits = {} } = options;
  let isClosing = false;
  const app = fastify({
    logger: false,
    http: { noDelay: true, ...slowClientOptions(limits) },
    requestTimeout: limits.requestTimeoutMs ?? 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    routerOptions: { maxParamLength: MAX_NAME_LENGTH, ignoreTrailingSlash: true },
    // Errors before any route: a malformed URL, bytes that are no HTTP.
    frameworkErrors: (reason, _request, reply) => void answerError(reason, reply),
    clientErrorHandler: answerClientError,
  });
  // The body is collected by the route itself: its limit, its buffer and the moment of its last byte matter here.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));
  // What a body is, the header of the JSON's length says; fastify would refuse a content type that is none.
  app.addHook("onRequest", (request, _reply, done) => {
    request.raw.headers["content-type"] = undefined;
    done();
  });
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
  try {
    await app.listen({ host: await listenAddress(host), port });
  } catch (reason) {
    await app.close();
    throw listenError(reason, host, port);
  }

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
