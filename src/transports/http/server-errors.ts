import type { Socket } from "node:net";
import type { FastifyInstance, FastifyReply } from "fastify";
import { messageOf, TransportError } from "../../core/errors.ts";
import type { FailureStatus } from "../../core/status.ts";
import { PayloadTooLargeError } from "./payload-too-large.ts";
import { httpCodeOf, PAYLOAD_TOO_LARGE, STATUS_HEADER, statusOfHttp } from "./status-codes.ts";

/** Every error is `{"error": "…"}` with the exact status name in a header. */
export function setErrorAnswers(app: FastifyInstance): void {
  app.setErrorHandler(async (reason: unknown, _request, reply) => {
    await answerError(reason, reply);
  });
  app.setNotFoundHandler(async (request, reply) => {
    const text = `no such path: ${request.method} ${request.url}`;
    await answerError(new TransportError("NOT_FOUND", text), reply);
  });
}

/**
 * Answers with an error, also one that arose before any route.
 * @param codeOf - HTTP's code for a status. @default that of the V2 REST API
 */
export async function answerError(
  reason: unknown,
  reply: FastifyReply,
  codeOf: (status: FailureStatus) => number = httpCodeOf,
): Promise<void> {
  const error = fromHandler(reason);
  void reply.code(error instanceof PayloadTooLargeError ? PAYLOAD_TOO_LARGE : codeOf(error.status));
  await reply.header(STATUS_HEADER, error.status).send({ error: messageOf(error) });
}

/** Answers what is not HTTP, or too slow, in the same form, and ends the connection: where the next request begins is unknown. */
export function answerClientError(
  reason: Error & { readonly code?: string; readonly reason?: string },
  socket: Socket,
): void {
  if (reason.code === "ECONNRESET" || !socket.writable || socket.destroyed) {
    socket.destroy();
    return;
  }
  const status =
    reason.code === "HPE_HEADER_OVERFLOW"
      ? "431 Request Header Fields Too Large"
      : reason.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? "408 Request Timeout"
        : "400 Bad Request";
  const body = JSON.stringify({ error: `not a valid HTTP request: ${messageOf(reason)}` });
  const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n`;
  socket.end(head + body, () => socket.destroy());
}

function fromHandler(reason: unknown): TransportError {
  if (reason instanceof TransportError) return reason;
  // fastify's own errors (a malformed URL, say) bring their code along.
  const code = reason instanceof Error && "statusCode" in reason ? Number(reason.statusCode) : 500;
  return new TransportError(statusOfHttp(code), messageOf(reason), { cause: reason });
}
