import http from "node:http";
import net from "node:net";

export interface HttpAnswer {
  readonly code: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** A client of one server. */
export interface Exchange {
  /** @throws where the client refuses to send it, or the connection breaks. */
  send(request: HttpRequest): Promise<HttpAnswer>;
  close(): void;
}

/** A client over Node's own HTTP, one kept connection. */
export class HttpExchange implements Exchange {
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  readonly #host: string;
  readonly #port: number;

  constructor(endpoint: string) {
    const { hostname, port } = new URL(endpoint.replace(/^[^:]+:/, "http:"));
    this.#host = hostname;
    this.#port = Number(port);
  }

  /** @throws where Node's client refuses to send it, or the connection breaks. */
  send({ method, path, headers, body }: HttpRequest): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const options = { agent: this.#agent, host: this.#host, port: this.#port, method, path, headers };
      const request = http.request(options, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({ code: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
        );
      });
      request.on("error", reject);
      request.end(body);
    });
  }

  /** Writes bytes to a connection of its own, ends its side, and gives what came back until the server ended its own. */
  sendRaw(bytes: Uint8Array): Promise<Buffer> {
    return sendRaw({ host: this.#host, port: this.#port }, bytes);
  }

  close(): void {
    this.#agent.destroy();
  }
}

/**
 * Writes bytes to a TCP connection of its own, ends its side, and gives what came back until the server ended its own.
 *
 * @param patienceMs - how long a server may be silent before the connection is broken off. @default without end
 */
export function sendRaw(
  to: { readonly host: string; readonly port: number },
  bytes: Uint8Array,
  patienceMs = 0,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = net.connect(to, () => socket.end(bytes));
    socket.setTimeout(patienceMs, () => socket.destroy());
    socket.on("data", (chunk) => chunks.push(chunk));
    // The server may have closed before everything was written.
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "ECONNRESET" && error.code !== "EPIPE") reject(error);
    });
    socket.on("close", () => resolve(Buffer.concat(chunks)));
  });
}

/** The first answer of HTTP/1.1 in what a connection gave back; `undefined`: there is none that is whole. */
export function firstAnswer(bytes: Buffer): HttpAnswer | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  const [status = "", ...lines] = bytes.subarray(0, Math.max(0, end)).toString("latin1").split("\r\n");
  const code = /^HTTP\/1\.[01] (\d{3}) /.exec(status)?.[1];
  if (code === undefined) return undefined;
  const headers = Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.indexOf(":")).toLowerCase(),
      line.slice(line.indexOf(":") + 1).trim(),
    ]),
  );
  const from = end + "\r\n\r\n".length;
  const length = Number(headers["content-length"] ?? 0);
  return { code: Number(code), headers, body: bytes.subarray(from, from + length) };
}

/** The body of a request that begins with a head; `undefined`: another head is before it, so that nobody knows what it asks. */
export function bodyBehind(head: string, length: number, bytes: Buffer): Buffer | undefined {
  const isTheSame = bytes.subarray(0, head.length).toString("latin1") === head;
  return isTheSame ? bytes.subarray(head.length, head.length + length) : undefined;
}
