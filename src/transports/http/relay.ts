import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { buildConnector, Client } from "undici";
import { Cancellation } from "../../core/cancellation.ts";
import { type Clock, monotonicClock } from "../../core/clock.ts";
import { messageOf, TransportError } from "../../core/errors.ts";
import { type Answer, exchange } from "./exchange.ts";
import { hostAndPort, listenError } from "./listen-error.ts";
import { collectBody } from "./receive-body.ts";
import { type RelayMark, RelayMarkRecorder, requestIdOf } from "./relay-marks.ts";
import { httpCodeOf, PAYLOAD_TOO_LARGE, STATUS_HEADER } from "./status-codes.ts";

export interface RelayOptions {
  readonly host: string;
  /** 0 lets the operating system choose. */
  readonly port: number;
  /** Where everything is passed on to: `http://host:port`, also with a path in front of the server's own. */
  readonly target: string;
  /** Larger messages are not passed on: RESOURCE_EXHAUSTED. */
  readonly maxPayloadBytes: number;
  /** @default monotonicClock */
  readonly clock?: Clock | undefined;
}

/** A store-and-forward relay of HTTP/1.1 in this process. */
export interface Relay {
  /** What a client is given instead of the server's address. */
  readonly url: string;
  readonly port: number;
  /** When requests and their answers passed, since the last call. */
  takeMarks(): readonly RelayMark[];
  /** Accepts no more, lets what is under way finish (at most 5 s), and releases the port. Idempotent. */
  close(): Promise<void>;
}

/** Longer than any pause of a run. */
const KEEP_ALIVE_MS = 600_000;
const CONNECT_TIMEOUT_MS = 10_000;
const CLOSE_MS = 5_000;
/** Fields of one connection only (RFC 9110 §7.6.1), and those that the next sender writes itself. */
const OWN_FIELDS = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/**
 * Starts a relay that does with HTTP what a broker does with MQTT: it takes in the whole message, then passes it on over
 * another TCP connection, and so with the answer. Each client connection has one connection to the server of its own;
 * TCP_NODELAY is set at both ends. A client that hangs up takes its request at the server with it.
 *
 * @throws {TransportError} UNAVAILABLE when the address cannot be had, INVALID_ARGUMENT for a target that is no http URL.
 */
export async function createRelay(options: RelayOptions): Promise<Relay> {
  const { host, maxPayloadBytes, clock = monotonicClock } = options;
  const target = parseTarget(options.target);
  const recorder = new RelayMarkRecorder();
  const links = new Map<Socket, Client>();
  let isClosing = false;
  const server = createServer({ noDelay: true, keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    void forward(request, response);
  });
  server.requestTimeout = 0;
  server.headersTimeout = 0;
  server.on("connection", (socket) => {
    const client = new Client(target.origin, {
      pipelining: 1,
      connect: buildConnector({ timeout: CONNECT_TIMEOUT_MS, noDelay: true }),
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
    });
    links.set(socket, client);
    socket.once("close", () => {
      links.delete(socket);
      void client.destroy();
    });
  });

  async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new Cancellation();
    response.once("close", () =>
      gone.abort(new TransportError("CANCELLED", "the client closed the connection")),
    );
    try {
      const client = links.get(request.socket);
      if (client === undefined) return;
      const { bytes, headerBytes, inNs } = await collectBody(request, maxPayloadBytes);
      const mark = { requestInNs: inNs, requestOutNs: Number.NaN, responseInNs: Number.NaN };
      const answer = await exchange(
        client,
        {
          method: (request.method ?? "GET") as "GET",
          path: `${target.prefix}${request.url ?? "/"}`,
          headers: fieldsFor(request.headers),
          body: bytes.byteLength === 0 && request.headers["content-length"] === undefined ? null : bytes,
        },
        {
          maxBytes: maxPayloadBytes,
          deadlineMs: Number.POSITIVE_INFINITY,
          signal: gone,
          onSent: () => {
            mark.requestOutNs = clock.nowNs();
          },
          onReceived: () => {
            mark.responseInNs = clock.nowNs();
          },
        },
      );
      const requestId = requestIdOf(bytes, headerBytes);
      if (requestId !== undefined) recorder.record({ requestId, ...mark, responseOutNs: clock.nowNs() });
      send(response, answer, isClosing);
    } catch (reason) {
      refuse(response, TransportError.from(reason, "UNAVAILABLE"));
    }
  }

  const port = await listen(server, host, options.port);
  const close = async (): Promise<void> => {
    isClosing = true;
    const released = new Promise<void>((resolve) => server.close(() => resolve()));
    const timer = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
    await released;
    clearTimeout(timer);
    await Promise.all([...links.values()].map((client) => client.destroy()));
  };
  let closing: Promise<void> | undefined;
  return {
    url: `http://${hostAndPort(host, port)}`,
    port,
    takeMarks: () => recorder.take(),
    close: () => (closing ??= close()),
  };
}

function parseTarget(text: string): { readonly origin: string; readonly prefix: string } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "http:") {
    throw new TransportError("INVALID_ARGUMENT", `expected a target like http://host:port, got '${text}'`);
  }
  return { origin: url.origin, prefix: url.pathname.replace(/\/+$/, "") };
}

/** The fields of a message that are its own and not its connection's. */
function fieldsFor(headers: IncomingHttpHeaders | Answer["headers"]): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !OWN_FIELDS.has(name)) kept[name] = value;
  }
  return kept;
}

function send(response: ServerResponse, { code, headers, body }: Answer, isLast: boolean): void {
  const ending = isLast ? { connection: "close" } : {};
  response.writeHead(code, { ...fieldsFor(headers), ...ending, "content-length": body.byteLength });
  // Node joins the header with a body that is ended at once: one gathered write.
  response.end(body);
}

function refuse(response: ServerResponse, error: TransportError): void {
  if (response.headersSent || response.destroyed) return;
  const code = error.status === "RESOURCE_EXHAUSTED" ? PAYLOAD_TOO_LARGE : httpCodeOf(error.status);
  const body = JSON.stringify({ error: `relay: ${messageOf(error)}` });
  response.writeHead(code, { "content-type": "application/json", [STATUS_HEADER]: error.status }).end(body);
}

function listen(server: ReturnType<typeof createServer>, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (reason) => reject(listenError(reason, host, port)));
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}
