import { constants, type Http2Server, type ServerHttp2Stream } from "node:http2";

/** How often requests that take too long are looked for, at most. */
const MOST_CHECK_MS = 5_000;

/**
 * Protects an HTTP/2 server from clients that never begin to speak, or that never end a request: the connection is closed,
 * the request is reset.
 *
 * @param timeoutMs - how long a client may take to send its settings, and each whole request.
 * @returns ends the watch over requests.
 */
export function limitHttp2Time(server: Http2Server, timeoutMs: number): () => void {
  server.on("session", (session) => {
    // Every client begins with its settings.
    const timer = setTimeout(() => session.destroy(), timeoutMs);
    const stop = (): void => clearTimeout(timer);
    session.once("remoteSettings", stop);
    session.once("close", stop);
  });
  return limitRequests(server, timeoutMs);
}

/** One timer for all requests: a timer each would cost every request more. */
function limitRequests(server: Http2Server, timeoutMs: number): () => void {
  /** By the order they began in. */
  const arriving = new Map<ServerHttp2Stream, number>();
  server.on("stream", (stream) => {
    // Nobody waits for the end of a body that there is not.
    if (stream.endAfterHeaders) return;
    arriving.set(stream, performance.now());
    const leave = (): void => void arriving.delete(stream);
    stream.once("end", leave);
    stream.once("close", leave);
  });
  const check = (): void => {
    const latestMs = performance.now() - timeoutMs;
    for (const [stream, beganMs] of arriving) {
      if (beganMs > latestMs) break;
      arriving.delete(stream);
      // With any other code than an error's the body would seem to be whole.
      stream.close(constants.NGHTTP2_CANCEL);
    }
  };
  const timer = setInterval(check, Math.min(MOST_CHECK_MS, Math.max(10, timeoutMs / 4))).unref();
  return () => clearInterval(timer);
}
