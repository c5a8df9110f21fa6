import { constants, type Http2Server, type ServerHttp2Stream } from "node:http2";
import { watchOverdue } from "../../core/overdue-watch.ts";

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

function limitRequests(server: Http2Server, timeoutMs: number): () => void {
  // With any other code than an error's the body would seem to be whole.
  const arriving = watchOverdue<ServerHttp2Stream>(timeoutMs, (stream) =>
    stream.close(constants.NGHTTP2_CANCEL),
  );
  server.on("stream", (stream) => {
    // Nobody waits for the end of a body that there is not.
    if (stream.endAfterHeaders) return;
    arriving.begin(stream);
    const leave = (): void => arriving.end(stream);
    stream.once("end", leave);
    stream.once("close", leave);
  });
  return arriving.stop;
}
