import http2 from "node:http2";
import type { Exchange, HttpAnswer, HttpRequest } from "./http-exchange.ts";

/** How a server may refuse a stream that HTTP/2 itself forbids, instead of answering it. */
const REFUSALS: ReadonlySet<number> = new Set([
  http2.constants.NGHTTP2_PROTOCOL_ERROR,
  http2.constants.NGHTTP2_ENHANCE_YOUR_CALM,
]);

/** A client over Node's own HTTP/2 without TLS, one kept connection; one that the server ends is opened anew. */
export class Http2Exchange implements Exchange {
  readonly #url: string;
  #session: http2.ClientHttp2Session | undefined;

  constructor(endpoint: string) {
    this.#url = new URL(endpoint).origin;
  }

  /** A refused stream reads as 400. @throws where the connection breaks, or the stream is reset for another reason. */
  send({ method, path, headers, body }: HttpRequest): Promise<HttpAnswer> {
    const stream = this.#connected().request(
      { ...headers, ":method": method, ":path": path },
      { endStream: body.byteLength === 0 },
    );
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let found: http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader = {};
      let broken: Error | undefined;
      stream.on("response", (head) => {
        found = head;
      });
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("error", (error) => {
        broken = error;
      });
      stream.on("close", () => {
        const { [":status"]: code } = found;
        if (code !== undefined) resolve({ code, headers: found, body: Buffer.concat(chunks) });
        else if (REFUSALS.has(stream.rstCode)) {
          resolve({ code: 400, headers: found, body: Buffer.from(`reset with ${stream.rstCode}`) });
        } else reject(broken ?? new Error(`the stream ended with ${stream.rstCode} and no answer`));
      });
      if (body.byteLength > 0) stream.end(body);
    });
  }

  close(): void {
    this.#session?.destroy();
  }

  #connected(): http2.ClientHttp2Session {
    if (this.#session === undefined || this.#session.closed || this.#session.destroyed) {
      this.#session = http2.connect(this.#url);
      // Told by its streams too.
      this.#session.on("error", () => {});
    }
    return this.#session;
  }
}
