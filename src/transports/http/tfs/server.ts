import type { FastifyInstance, FastifyReply } from "fastify";
import type { ServingCore } from "../../../core/serving-core.ts";
import type { InferenceServer, ServeOptions } from "../../../core/transport.ts";
import { leaveConnections, limitConnections } from "../connection-guard.ts";
import { createApp, listen } from "../create-app.ts";
import { endpointOf } from "../endpoint-of.ts";
import { refuseEarly } from "../refuse-early.ts";
import { answerError } from "../server-errors.ts";
import { addRestRoute } from "./rest-route.ts";
import { tfsHttpCode } from "./status-codes.ts";

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
  const app = createApp(limits, answerTfsError);
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
  await listen(app, host, port);

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
    await answerTfsError(reason, reply);
  });
  app.setNotFoundHandler(async (request, reply) => {
    await reply.code(404).send({ error: `Malformed request: ${request.method} ${request.url}` });
  });
}

function answerTfsError(reason: unknown, reply: FastifyReply): Promise<void> {
  return answerError(reason, reply, tfsHttpCode);
}
