import { type FastifyInstance, type FastifyReply, fastify } from "fastify";
import type { ServeLimits } from "../../core/transport.ts";
import { limitUnreadAnswers, slowClientOptions } from "./connection-guard.ts";
import { listenAddress } from "./listen-address.ts";
import { listenError } from "./listen-error.ts";
import { answerClientError } from "./server-errors.ts";

/** Longer than any pause of a run: the server must not close a connection that a client is about to use. */
const KEEP_ALIVE_MS = 600_000;
/** Percent-encoded names of models may be longer than fastify's 100 characters. */
const MAX_NAME_LENGTH = 1_024;

/**
 * An application of fastify that leaves bodies and content types to its routes.
 *
 * @param answerError - answers errors before any route: a malformed URL, bytes that are no HTTP.
 */
export function createApp(
  limits: ServeLimits,
  answerError: (reason: unknown, reply: FastifyReply) => Promise<void>,
): FastifyInstance {
  const app = fastify({
    logger: false,
    http: { noDelay: true, ...slowClientOptions(limits) },
    requestTimeout: limits.requestTimeoutMs ?? 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    routerOptions: { maxParamLength: MAX_NAME_LENGTH, ignoreTrailingSlash: true },
    frameworkErrors: (reason, _request, reply) => void answerError(reason, reply),
    clientErrorHandler: answerClientError,
  });
  limitUnreadAnswers(app.server, limits);
  // The body is collected by the route itself: its limit, its buffer and the moment of its last byte matter here.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));
  // What a body is, the route knows (curl sends forms unless told otherwise); fastify would refuse a content type that is none.
  app.addHook("onRequest", (request, _reply, done) => {
    request.raw.headers["content-type"] = undefined;
    done();
  });
  return app;
}

/** @throws {TransportError} UNAVAILABLE when the address cannot be had; the application is closed then. */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host: await listenAddress(host), port });
  } catch (reason) {
    await app.close();
    throw listenError(reason, host, port);
  }
}
