import { once } from "node:events";
import http from "node:http";
import net from "node:net";

/** An answer as it came. */
export interface RawAnswer {
  readonly code: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
  /** Its JSON part; `undefined` where there is none. */
  readonly json: unknown;
}

const HEADER_LENGTH = "inference-header-content-length";

/** Sends one request with nothing added to it but what HTTP needs. */
export async function sendByHand(
  endpoint: string,
  request: {
    readonly method: string;
    readonly path: string;
    readonly headers?: http.OutgoingHttpHeaders | undefined;
    readonly body?: string | Buffer | undefined;
  },
): Promise<RawAnswer> {
  const { method, path, headers = {}, body } = request;
  const { hostname, port } = new URL(endpoint);
  const sent = http.request({ hostname, port, path, method, headers, agent: false });
  sent.end(body);
  const [response] = (await once(sent, "response")) as [http.IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const jsonBytes = Number(response.headers[HEADER_LENGTH] ?? bytes.byteLength);
  const text = bytes.toString("utf8", 0, jsonBytes);
  return {
    code: response.statusCode ?? 0,
    headers: response.headers,
    body: bytes,
    json: /^\s*[[{]/.test(text) ? JSON.parse(text) : undefined,
  };
}

/**
 * Writes bytes to a connection and gives all that comes back until the server ends it, or `until` is in it.
 * @throws {Error} when neither has happened after 5 s.
 */
export function exchangeBytes(endpoint: string, bytes: string | Buffer, until?: RegExp): Promise<string> {
  const { hostname, port } = new URL(endpoint);
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), hostname, () => socket.write(bytes));
    let text = "";
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no end after 5 s; so far: ${text}`));
    }, 5_000);
    const done = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(text);
    };
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (until?.test(text) === true) done();
    });
    socket.on("end", done);
    // A server that ends the connection while bytes are on their way resets it.
    socket.on("error", done);
  });
}
