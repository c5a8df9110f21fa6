import type { Client, Dispatcher } from "undici";
import { messageOf, TransportError } from "../../core/errors.ts";
import { BodyCollector } from "./body-collector.ts";
import { HEADER_LENGTH, headerLengthOf } from "./codec.ts";

/** The headers of an answer, names in lower case. */
export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** A whole answer, whatever its code. */
export interface Answer {
  readonly code: number;
  readonly headers: AnswerHeaders;
  /** In a buffer of its own, its binary part aligned for typed arrays. */
  readonly body: Uint8Array;
}

export interface ExchangeOptions {
  readonly maxBytes: number;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Called just before the request is handed to undici, and when the last byte of an answer is there. */
  readonly onSent?: (() => void) | undefined;
  readonly onReceived?: ((bodyBytes: number) => void) | undefined;
}

/** The longest that Node's timers can wait; a longer deadline is none. */
const MAX_TIMER_MS = 2_147_483_647;

/**
 * One request and its whole answer over a client's connection.
 *
 * A deadline or an abort rejects at once. A request that is on the socket takes its connection with it (HTTP/1.1 cannot
 * take one back), and the client opens another for the next; a request that still waits for the connection is dropped.
 *
 * @throws {TransportError} DEADLINE_EXCEEDED, the signal's reason, RESOURCE_EXHAUSTED (answer over the limit),
 * UNAVAILABLE (no connection, or it broke), CANCELLED (client closed), INTERNAL (not HTTP).
 */
export function exchange(
  client: Client,
  request: Dispatcher.DispatchOptions,
  options: ExchangeOptions,
): Promise<Answer> {
  const { signal, deadlineMs } = options;
  if (signal?.aborted === true) return Promise.reject(TransportError.from(signal.reason, "CANCELLED"));
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let failure: TransportError | undefined;
    let isSettled = false;
    let code = 0;
    let headers: AnswerHeaders = {};
    let body: BodyCollector | undefined;

    const settle = (): boolean => {
      if (isSettled) return false;
      isSettled = true;
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      return true;
    };
    const fail = (error: TransportError): void => {
      if (!settle()) return;
      failure = error;
      controller?.abort(error);
      reject(error);
    };
    const onAbort = (): void => fail(TransportError.from(signal?.reason, "CANCELLED"));
    const onDeadline = (): void =>
      fail(new TransportError("DEADLINE_EXCEEDED", `no answer within ${deadlineMs} ms`));

    const timer = deadlineMs <= MAX_TIMER_MS ? setTimeout(onDeadline, deadlineMs) : undefined;
    signal?.addEventListener("abort", onAbort);
    options.onSent?.();
    client.dispatch(request, {
      onRequestStart(started) {
        // Throwing here drops the request alone; aborting would close the connection.
        if (failure !== undefined) throw failure;
        controller = started;
      },
      onResponseStart(_controller, statusCode, found) {
        code = statusCode;
        headers = found;
        const length = found["content-length"];
        try {
          body = new BodyCollector({
            contentBytes: typeof length === "string" ? Number(length) : undefined,
            headerBytes: headerLengthOf(found[HEADER_LENGTH]) || undefined,
            maxBytes: options.maxBytes,
          });
        } catch (reason) {
          fail(TransportError.from(reason));
        }
      },
      onResponseData(_controller, chunk) {
        try {
          body?.push(chunk);
        } catch (reason) {
          fail(TransportError.from(reason));
        }
      },
      onResponseEnd() {
        options.onReceived?.(body?.byteLength ?? 0);
        if (settle()) resolve({ code, headers, body: body?.finish() ?? new Uint8Array() });
      },
      onResponseError(_controller, error) {
        fail(connectionError(error));
      },
    });
  });
}

/** undici's errors and the socket's, by their codes. */
function connectionError(error: Error): TransportError {
  if (error instanceof TransportError) return error;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  // Several addresses of one name that all refuse make an AggregateError without a text.
  const text = messageOf(error) || code || error.name;
  const cause = { cause: error };
  if (code === "UND_ERR_DESTROYED" || code === "UND_ERR_CLOSED" || code === "UND_ERR_ABORTED") {
    return new TransportError("CANCELLED", text, cause);
  }
  if (code.startsWith("HPE_")) {
    return new TransportError("INTERNAL", `the answer is not HTTP/1.1: ${text}`, cause);
  }
  if (code === "UND_ERR_SOCKET" || code === "UND_ERR_CONNECT_TIMEOUT" || !code.startsWith("UND_ERR_")) {
    return new TransportError("UNAVAILABLE", `the connection failed: ${text}`, cause);
  }
  return new TransportError("INTERNAL", text, cause);
}
