import { type ClientHttp2Stream, constants } from "node:http2";
import { messageOf, TransportError } from "../../core/errors.ts";
import { InFlightSet } from "../../core/in-flight.ts";
import { type AnswerHeaders, AnswerUnderWay } from "./answer-under-way.ts";
import type { HttpConnection, HttpConnectionOptions, HttpRequest } from "./http-connection.ts";
import { type OwnedSession, openSession } from "./http2-session.ts";

const { NGHTTP2_CANCEL, NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = constants;

/**
 * HTTP/2 by node:http2, without TLS and without asking first ("prior knowledge"); overlapping requests share the
 * connection. A request that is given up is reset and harms no other. When the server says that it goes (GOAWAY), what it
 * still answers is waited for, and the next request opens another connection.
 */
export function createHttp2Connection(options: HttpConnectionOptions): HttpConnection {
  const inFlight = new InFlightSet<AnswerUnderWay>();
  /** The current session, and those that their server has left, until their sockets are closed. */
  const open = new Set<OwnedSession>();
  let current: OwnedSession | undefined;
  let isClosed = false;
  let onIdle: (() => void) | undefined;

  const usableSession = (): OwnedSession["session"] => {
    if (current === undefined || current.session.closed || current.session.destroyed) {
      const opened = openSession(options);
      open.add(opened);
      void opened.gone.then(() => open.delete(opened));
      current = opened;
    }
    return current.session;
  };
  const close = async (): Promise<void> => {
    isClosed = true;
    if (inFlight.size > 0) {
      await new Promise<void>((resolve) => {
        onIdle = resolve;
      });
    }
    await Promise.all([...open].map((opened) => opened.close()));
  };
  let closing: Promise<void> | undefined;

  return {
    version: "2",
    exchange(request, exchangeOptions) {
      const { signal } = exchangeOptions;
      if (isClosed) return Promise.reject(new TransportError("CANCELLED", "the client is closed"));
      if (signal?.aborted === true) {
        return Promise.reject(TransportError.from(signal.reason, "CANCELLED"));
      }
      let stream: ClientHttp2Stream | undefined;
      const underWay = new AnswerUnderWay(exchangeOptions, () => stream?.close(NGHTTP2_CANCEL));
      inFlight.add(underWay);
      const leave = (): void => {
        inFlight.delete(underWay);
        if (inFlight.size === 0) onIdle?.();
      };
      underWay.answer.then(leave, leave);
      exchangeOptions.onSent?.();
      try {
        stream = usableSession().request(headersOf(request), { endStream: request.parts === undefined });
        receive(stream, underWay);
        if (request.parts !== undefined) send(stream, request.parts);
      } catch (reason) {
        underWay.fail(new TransportError("UNAVAILABLE", messageOf(reason), { cause: reason }));
      }
      return underWay.answer;
    },
    close: () => (closing ??= close()),
    async destroy() {
      isClosed = true;
      for (const underWay of [...inFlight]) {
        underWay.fail(new TransportError("CANCELLED", "the client was destroyed"));
      }
      const gone = [...open].map((opened) => opened.gone);
      for (const opened of open) opened.destroy();
      await Promise.all(gone);
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
  let isWhole = false;
  stream.on("response", (headers) => {
    // The code is a number; every other header is a text.
    underWay.begin(Number(headers[":status"]), headers as unknown as AnswerHeaders);
  });
  stream.on("data", (chunk: Uint8Array) => underWay.push(chunk));
  stream.on("end", () => {
    // A stream that was reset ends, too.
    isWhole = stream.rstCode === NGHTTP2_NO_ERROR && error === undefined && !stream.aborted;
    if (isWhole) underWay.end();
  });
  stream.on("error", (reason) => {
    error = reason;
  });
  stream.on("close", () => {
    if (!isWhole) underWay.fail(failureOf(stream.rstCode, error));
  });
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
