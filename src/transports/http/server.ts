import type { AddressInfo } from "node:net";
import { type FastifyInstance, fastify } from "fastify";
import { messageOf, TransportError } from "../../core/errors.ts";
import type { ServingCore } from "../../core/serving-core.ts";
import type { InferenceServer, ServeOptions } from "../../core/transport.ts";
import { hostAndPort, listenError } from "./listen-error.ts";
import { addRoutes } from "./server-routes.ts";
import { httpCodeOf, PAYLOAD_TOO_LARGE, STATUS_HEADER, statusOfHttp } from "./status-codes.ts";

/** Longer than any pause of a run: the server must not close a connection that a client is about to use. */
const KEEP_ALIVE_MS = 600_000;
/** How long requests in flight may take when the server closes. */
const CLOSE_MS = 5_000;
/** Percent-encoded names of models may be longer than fastify's 100 characters. */
const MAX_NAME_LENGTH = 1_024;

/**
 * Listens with the V2 REST API.
 *
 * @throws {TransportError} UNAVAILABLE when the address cannot be had.
 */
export async function serveHttp(core: ServingCore, options: ServeOptions): Promise<InferenceServer> {
  const { host, port, maxPayloadBytes } = options;
  let isClosing = false;
  const app = fastify({
    logger: false,
    http: { noDelay: true },
    keepAliveTimeout: KEEP_ALIVE_MS,
    routerOptions: { maxParamLength: MAX_NAME_LENGTH },
  });
  // The body is collected by the route itself: its limit, its buffer and the moment of its last byte matter here.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));
  setErrorAnswers(app);
  addRoutes(app, core, { maxPayloadBytes, isClosing: () => isClosing });
  try {
    await app.listen({ host, port });
  } catch (reason) {
    await app.close();
    throw listenError(reason, host, port);
  }

  const close = async (): Promise<void> => {
    isClosing = true;
    const closed = app.close();
    const timer = setTimeout(() => app.server.closeAllConnections(), CLOSE_MS);
    await closed;
    clearTimeout(timer);
  };
  let closing: Promise<void> | undefined;
  return {
    endpoint: endpointOf(app.server.address(), host),
    notes:
      options.tuning === "tuned"
        ? ["http: nothing to tune in the library; tuned differs by the process's settings only"]
        : [],
    close: () => (closing ??= close()),
  };
}

/** Every error is `{"error": "…"}` with the exact status name in a header. */
function setErrorAnswers(app: FastifyInstance): void {
  app.setErrorHandler(async (reason: unknown, _request, reply) => {
    const error = fromHandler(reason);
    // A body over the limit has its code already; a full queue is RESOURCE_EXHAUSTED too.
    if (reply.statusCode !== PAYLOAD_TOO_LARGE) void reply.code(httpCodeOf(error.status));
    await reply.header(STATUS_HEADER, error.status).send({ error: messageOf(error) });
  });
  app.setNotFoundHandler(async (request, reply) => {
    await reply.code(404).send({ error: `no such path: ${request.method} ${request.url}` });
  });
}

function fromHandler(reason: unknown): TransportError {
  if (reason instanceof TransportError) return reason;
  // fastify's own errors (a malformed content type or URL, say) bring their code along.
  const code = reason instanceof Error && "statusCode" in reason ? Number(reason.statusCode) : 500;
  return new TransportError(statusOfHttp(code), messageOf(reason), { cause: reason });
}

function endpointOf(address: AddressInfo | string | null, host: string): string {
  const port = typeof address === "object" && address !== null ? address.port : 0;
  // A wildcard is an address to listen on, not one to connect to.
  const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${hostAndPort(reachable, port)}`;
}
