import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import { messageOf, TransportError } from "../../core/errors.ts";
import { type AnswerHeaders, AnswerUnderWay } from "./answer-under-way.ts";
import type { HttpConnection, HttpConnectionOptions, HttpRequest } from "./http-connection.ts";
import { sessionOptions, widenWindow } from "./http2-settings.ts";

const { NGHTTP2_CANCEL, NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = constants;

/**
 * HTTP/2 by node:http2, without TLS and without asking first ("prior knowledge"); overlapping requests share the
 * connection. A request that is given up is reset and harms no other. When the server says that it goes (GOAWAY), what it
 * still answers is waited for, and the next request opens another connection.
 */
export function createHttp2Connection({ origin, tuned }: HttpConnectionOptions): HttpConnection {
  const inFlight = new Set<AnswerUnderWay>();
  let current: ClientHttp2Session | undefined;
  let isClosed = false;
  let onIdle: (() => void) | undefined;

  const openSession = (): ClientHttp2Session => {
    const session = connect(origin, sessionOptions(tuned));
    if (tuned) session.once("connect", () => widenWindow(session));
    // Each request hears of it, too.
    session.on("error", () => undefined);
    return session;
  };
  const usableSession = (): ClientHttp2Session => {
    if (current === undefined || current.closed || current.destroyed) current = openSession();
    return current;
  };

  return {
    version: "2",
    exchange(request, options) {
      const { signal } = options;
      if (isClosed) return Promise.reject(new TransportError("CANCELLED", "the client is closed"));
      if (signal?.aborted === true) {
        return Promise.reject(TransportError.from(signal.reason, "CANCELLED"));
      }
      let stream: ClientHttp2Stream | undefined;
      const underWay = new AnswerUnderWay(options, () => stream?.close(NGHTTP2_CANCEL));
      inFlight.add(underWay);
      const leave = (): void => {
        inFlight.delete(underWay);
        if (inFlight.size === 0) onIdle?.();
      };
      underWay.answer.then(leave, leave);
      options.onSent?.();
      try {
        stream = usableSession().request(headersOf(request), { endStream: request.parts === undefined });
        receive(stream, underWay);
        if (request.parts !== undefined) send(stream, request.parts);
      } catch (reason) {
        underWay.fail(new TransportError("UNAVAILABLE", messageOf(reason), { cause: reason }));
      }
      return underWay.answer;
    },
    async close() {
      isClosed = true;
      if (inFlight.size > 0) {
        await new Promise<void>((resolve) => {
          onIdle = resolve;
        });
      }
      const session = current;
      if (session === undefined || session.destroyed) return;
      await new Promise<void>((resolve) => {
        session.once("close", resolve);
        session.close();
      });
    },
    destroy() {
      isClosed = true;
      for (const underWay of [...inFlight]) {
        underWay.fail(new TransportError("CANCELLED", "the client was destroyed"));
      }
      current?.destroy();
      return Promise.resolve();
    },
  };
}

function headersOf({ method, path, headers = [] }: HttpRequest): Record<string, string> {
  const fields: Record<string, string> = { ":method": method, ":path": path };
  for (let at = 0; at + 1 < headers.length; at += 2) fields[headers[at] ?? ""] = headers[at + 1] ?? "";
  return fields;
}

/** Head and parts leave together, none of them copied. */
function send(stream: ClientHttp2Stream, parts: readonly Uint8Array[]): void {
  stream.cork();
  for (const part of parts.slice(0, -1)) stream.write(part);
  stream.end(parts.at(-1));
  stream.uncork();
}

function receive(stream: ClientHttp2Stream, underWay: AnswerUnderWay): void {
  let error: Error | undefined;
  stream.on("response", (headers) => {
    // The code is a number; every other header is a text.
    underWay.begin(Number(headers[":status"]), headers as unknown as AnswerHeaders);
  });
  stream.on("data", (chunk: Uint8Array) => underWay.push(chunk));
  stream.on("end", () => {
    // A stream that was reset ends, too.
    if (stream.rstCode === NGHTTP2_NO_ERROR && error === undefined && !stream.aborted) underWay.end();
  });
  stream.on("error", (reason) => {
    error = reason;
  });
  stream.on("close", () => underWay.fail(failureOf(stream.rstCode, error)));
}

/** Why a stream closed that had no whole answer. */
function failureOf(rstCode: number, error: Error | undefined): TransportError {
  const cause = { cause: error };
  const code = error !== undefined && "code" in error ? String(error.code) : "";
  if (rstCode === NGHTTP2_ENHANCE_YOUR_CALM) {
    return new TransportError("RESOURCE_EXHAUSTED", "the server refuses more requests", cause);
  }
  if (rstCode === NGHTTP2_REFUSED_STREAM) {
    return new TransportError("UNAVAILABLE", "the server refused the request", cause);
  }
  if (code === "ERR_HTTP2_ERROR") {
    return new TransportError("UNAVAILABLE", `the answer is not HTTP/2: ${messageOf(error)}`, cause);
  }
  if (code === "ERR_HTTP2_STREAM_ERROR" && rstCode !== NGHTTP2_CANCEL) {
    return new TransportError("INTERNAL", `the server broke the request off: ${messageOf(error)}`, cause);
  }
  const text = error === undefined ? "it was closed without an answer" : messageOf(error) || code;
  return new TransportError("UNAVAILABLE", `the connection failed: ${text}`, cause);
}
