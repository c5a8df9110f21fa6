import type { Client, Dispatcher } from "undici";
import { messageOf, TransportError } from "../../core/errors.ts";
import { type Answer, AnswerUnderWay, type ExchangeOptions } from "./answer-under-way.ts";

export type { Answer };

/**
 * One request and its whole answer over a client's HTTP/1.1 connection.
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
  const { signal } = options;
  if (signal?.aborted === true) return Promise.reject(TransportError.from(signal.reason, "CANCELLED"));
  let controller: Dispatcher.DispatchController | undefined;
  const underWay = new AnswerUnderWay(options, (error) => controller?.abort(error));
  options.onSent?.();
  client.dispatch(request, {
    onRequestStart(started) {
      // Throwing here drops the request alone; aborting would close the connection.
      if (underWay.failure !== undefined) throw underWay.failure;
      controller = started;
    },
    onResponseStart(_controller, code, headers) {
      underWay.begin(code, headers);
    },
    onResponseData(_controller, chunk) {
      underWay.push(chunk);
    },
    onResponseEnd() {
      underWay.end();
    },
    onResponseError(_controller, error) {
      underWay.fail(connectionError(error));
    },
  });
  return underWay.answer;
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
