import { type FastifyInstance, type FastifyReply, fastify } from "fastify";
import { messageOf, TransportError } from "../../../core/errors.ts";
import type { ServingCore } from "../../../core/serving-core.ts";
import type { InferenceServer, ServeOptions } from "../../../core/transport.ts";
import { leaveConnections, limitConnections, slowClientOptions } from "../connection-guard.ts";
import { endpointOf } from "../endpoint-of.ts";
import { listenAddress } from "../listen-address.ts";
import { listenError } from "../listen-error.ts";
import { refuseEarly } from "../refuse-early.ts";
import { answerClientError } from "../server-errors.ts";
import { PAYLOAD_TOO_LARGE, STATUS_HEADER, statusOfHttp } from "../status-codes.ts";
import { addRestRoute } from "./rest-route.ts";
import { tfsHttpCode } from "./status-codes.ts";

/** Longer than any pause of a run: the server must not close a connection that a client is about to use. */
const KEEP_ALIVE_MS = 600_000;
const CLOSE_MS = 5_000;

/**
 * Listens with TensorFlow Serving's REST interface, which KServe's V1 protocol is a part of.
 *
 * @param scheme - of the endpoint that is told.
 * @throws {TransportError} UNAVAILABLE when the address cannot be had.
 */
export async function serveTfsHttp(
  core: ServingCore,
  options: ServeOptions,
  scheme: "tfs+http" | "kserve-v1+http",
): Promise<InferenceServer> {
  const { host, port, maxPayloadBytes, limits = {} } = options;
  let isClosing = false;
  const app = fastify({
    logger: false,
    http: { noDelay: true, ...slowClientOptions(limits) },
    requestTimeout: limits.requestTimeoutMs ?? 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Errors before any route: a malformed URL, bytes that are no HTTP.
    frameworkErrors: (reason, _request, reply) => void answerError(reason, reply),
    clientErrorHandler: answerClientError,
  });
  // The body is collected by the route itself: its limit, its buffer and the moment of its last byte matter here.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));
  // curl sends forms unless told otherwise; TensorFlow Serving does not look either.
  app.addHook("onRequest", (request, _reply, done) => {
    request.raw.headers["content-type"] = undefined;
    done();
  });
  refuseEarly(app.server, maxPayloadBytes);
  limitConnections(app.server, limits.maxConnections);
  setErrorAnswers(app);
  const { onServed } = options;
  addRestRoute(app, core, {
    transport: scheme === "tfs+http" ? "tfs-http" : "kserve-v1",
    maxPayloadBytes,
    isClosing: () => isClosing,
    onServed,
  });
  try {
    await app.listen({ host: await listenAddress(host), port });
  } catch (reason) {
    await app.close();
    throw listenError(reason, host, port);
  }

  const close = async (): Promise<void> => {
    isClosing = true;
    const closed = app.close();
    const timer = setTimeout(() => app.server.closeAllConnections(), limits.closeTimeoutMs ?? CLOSE_MS);
    await closed;
    clearTimeout(timer);
  };
  let closing: Promise<void> | undefined;
  return {
    endpoint: endpointOf(app.server.address(), host).replace(/^http/, scheme),
    notes:
      options.tuning === "tuned"
        ? [
            "TensorFlow Serving's REST: nothing to tune in the library; tuned differs by the process's settings only",
          ]
        : [],
    drain() {
      if (!isClosing) leaveConnections(app.server);
      isClosing = true;
    },
    close: () => (closing ??= close()),
  };
}

/** Every error is `{"error": "…"}`, with the exact status name in a header. */
function setErrorAnswers(app: FastifyInstance): void {
  app.setErrorHandler(async (reason: unknown, _request, reply) => {
    await answerError(reason, reply);
  });
  app.setNotFoundHandler(async (request, reply) => {
    await reply.code(404).send({ error: `Malformed request: ${request.method} ${request.url}` });
  });
}

async function answerError(reason: unknown, reply: FastifyReply): Promise<void> {
  const error = fromHandler(reason);
  // A body over the limit has its code already; a full queue is RESOURCE_EXHAUSTED too.
  if (reply.statusCode !== PAYLOAD_TOO_LARGE) void reply.code(tfsHttpCode(error.status));
  await reply.header(STATUS_HEADER, error.status).send({ error: messageOf(error) });
}

function fromHandler(reason: unknown): TransportError {
  if (reason instanceof TransportError) return reason;
  // fastify's own errors (a malformed URL, say) bring their code along.
  const code = reason instanceof Error && "statusCode" in reason ? Number(reason.statusCode) : 500;
  return new TransportError(statusOfHttp(code), messageOf(reason), { cause: reason });
}
