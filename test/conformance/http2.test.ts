import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import net, { type AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import {
  type ConnectOptions,
  createMarks,
  DEFAULT_MAX_PAYLOAD_BYTES,
  type InferenceClient,
  type InferenceServer,
} from "../../dist/core/transport.js";
import { createHttpTransport } from "../../dist/transports/http/index.js";
import { delayRequest, infer, patternBytes, requestOf, until } from "./conformance-bed.ts";
import { createFakeCore } from "./fake-core.ts";
import { testTransportConformance } from "./transport-conformance.ts";

testTransportConformance("http over HTTP/2", {
  module: "transports/http/index.js",
  factory: "createHttpTransport",
  encodings: ["json", "binary"],
  cancelReachesServer: true,
  setUp: () => Promise.resolve({ connect: { httpVersion: "2" }, tearDown: () => Promise.resolve() }),
});

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const NO_SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
const CONNECT = {
  maxPayloadBytes: DEFAULT_MAX_PAYLOAD_BYTES,
  tuning: "tuned",
  encoding: "binary",
  httpVersion: "2",
} as const satisfies ConnectOptions;
const cleanUps: (() => Promise<unknown> | undefined)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

async function connectTo(endpoint: string, options: ConnectOptions = CONNECT): Promise<InferenceClient> {
  const client = await createHttpTransport().connect(endpoint, options);
  cleanUps.push(() => client.destroy());
  return client;
}

describe("our server's two versions of HTTP on one port", () => {
  async function serve(): Promise<InferenceServer> {
    const server = await createHttpTransport().serve(createFakeCore(), {
      host: "127.0.0.1",
      port: 0,
      maxPayloadBytes: DEFAULT_MAX_PAYLOAD_BYTES,
      tuning: "tuned",
    });
    cleanUps.push(() => server.close());
    return server;
  }
  async function socketTo({ endpoint }: InferenceServer): Promise<net.Socket> {
    const socket = net.connect({ port: Number(new URL(endpoint).port), host: "127.0.0.1", noDelay: true });
    cleanUps.push(() => {
      socket.destroy();
      return undefined;
    });
    await once(socket, "connect");
    return socket;
  }
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30));

  it("answers both, each client in its version", async () => {
    const { endpoint } = await serve();
    for (const httpVersion of ["1.1", "2"] as const) {
      const client = await connectTo(endpoint, { ...CONNECT, httpVersion });
      expect(client.protocolVersion).toBe(httpVersion);
      const response = await infer(client, requestOf("echo", patternBytes(300_000)));
      expect(Buffer.compare(response.outputs[0]?.data ?? new Uint8Array(), patternBytes(300_000))).toBe(0);
    }
  });

  it("tells them apart when the first bytes come one by one", async () => {
    const server = await serve();
    const second = await socketTo(server);
    for (const byte of PREFACE.subarray(0, 4)) {
      second.write(Buffer.of(byte));
      await pause();
    }
    second.write(Buffer.concat([PREFACE.subarray(4), NO_SETTINGS]));
    const [frames] = (await once(second, "data")) as [Buffer];
    // The type of the first frame: SETTINGS.
    expect(frames[3]).toBe(4);

    const first = await socketTo(server);
    first.write("P");
    await pause();
    first.write("OST /v2 HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n");
    const [answer] = (await once(first, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 405 /);
  });

  it("is not held up in closing by connections that say nothing or are idle", async () => {
    const server = await serve();
    const silent = await socketTo(server);
    const gone = once(silent, "close");
    await connectTo(server.endpoint);
    const startMs = performance.now();
    await server.close();
    expect(performance.now() - startMs).toBeLessThan(2000);
    await gone;
  });

  it("answers bytes that are neither with 400", async () => {
    const socket = await socketTo(await serve());
    socket.write("PRINT this\r\n\r\n");
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe("http over HTTP/2 with a server that is not ours", () => {
  type Answer = (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void;

  async function foreign(answer: Answer) {
    const sessions: http2.ServerHttp2Session[] = [];
    const server = http2.createServer();
    server.on("session", (session) => {
      sessions.push(session);
      session.on("error", () => undefined);
    });
    server.on("stream", (stream, headers) => {
      stream.on("error", () => undefined);
      if (headers[":method"] === "GET") {
        stream.respond({ ":status": 404 });
        stream.end();
      } else answer(stream, headers);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    cleanUps.push(() => {
      for (const session of sessions) session.destroy();
      server.close();
      return undefined;
    });
    return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sessions };
  }
  const respond = (stream: http2.ServerHttp2Stream, id: string): void => {
    const body = JSON.stringify({ model_name: "m", model_version: "1", id, outputs: [] });
    stream.respond({ ":status": 200, "content-type": "application/json" });
    stream.end(body);
  };
  const request = (id: string) => ({ ...requestOf("m", Uint8Array.of(1)), id });

  it("carries overlapping requests over one connection, and resets the one that is given up", async () => {
    const waiting: http2.ServerHttp2Stream[] = [];
    const { endpoint, sessions } = await foreign((stream) => {
      waiting.push(stream);
    });
    const client = await connectTo(endpoint);
    const marks = createMarks();
    const overdue = infer(client, request("overdue"), { deadlineMs: 100, marks });
    overdue.catch(() => undefined);
    const answered = infer(client, request("answered"));
    await until(() => waiting.length === 2);
    const [first, second] = waiting;
    if (first === undefined || second === undefined) throw new Error("two streams were expected");
    const reset = once(first, "close");
    await expect(overdue).rejects.toMatchObject({ status: "DEADLINE_EXCEEDED" });
    await reset;
    expect(first.rstCode).toBe(http2.constants.NGHTTP2_CANCEL);
    expect(marks.receivedNs).toBe(0);
    respond(second, "answered");
    expect((await answered).id).toBe("answered");
    expect(sessions).toHaveLength(1);
  });

  it("gets what is in flight answered when the server goes, and sends the next by another connection", async () => {
    const { endpoint, sessions } = await foreign((stream, headers) => {
      if (headers["content-length"] === undefined) throw new Error("the length was to be announced");
      const { session } = stream;
      if (sessions.length === 1) session?.goaway(http2.constants.NGHTTP2_NO_ERROR);
      setTimeout(() => respond(stream, "x"), 50);
    });
    const client = await connectTo(endpoint);
    expect((await infer(client, request("x"))).id).toBe("x");
    expect((await infer(client, request("x"))).id).toBe("x");
    expect(sessions).toHaveLength(2);
  });

  it("fails a request that the server resets or half answers, and goes on", async () => {
    let turn = 0;
    const { endpoint, sessions } = await foreign((stream) => {
      turn += 1;
      if (turn === 1) stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
      else if (turn === 2) stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
      else if (turn === 3) {
        stream.respond({ ":status": 200, "content-length": 1000 });
        stream.write("{");
        setTimeout(() => stream.close(http2.constants.NGHTTP2_CANCEL), 20);
      } else respond(stream, "fine");
    });
    const client = await connectTo(endpoint);
    await expect(infer(client, request("a"))).rejects.toMatchObject({ status: "INTERNAL" });
    await expect(infer(client, request("b"))).rejects.toMatchObject({ status: "UNAVAILABLE" });
    // Node's server ends what it resets: an answer shorter than announced is malformed.
    await expect(infer(client, request("c"))).rejects.toMatchObject({ status: "INTERNAL" });
    expect((await infer(client, request("fine"))).id).toBe("fine");
    expect(sessions).toHaveLength(1);
  });

  it("says so when the server speaks HTTP/1.1 only", async () => {
    const server = http.createServer((_request, response) => response.end("hello"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    cleanUps.push(() => {
      server.closeAllConnections();
      server.close();
      return undefined;
    });
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const failure = createHttpTransport().connect(endpoint, { ...CONNECT, connectTimeoutMs: 2000 });
    await expect(failure).rejects.toMatchObject({
      status: "UNAVAILABLE",
      message: expect.stringMatching(/^no HTTP\/2 server answers at http:\/\/127\.0\.0\.1:\d+: .+/) as string,
    });
  });

  it("goes through a connection that broke off: what was in flight is UNAVAILABLE, the next opens another", async () => {
    const { endpoint, sessions } = await foreign((stream) => {
      if (sessions.length === 1) stream.session?.destroy();
      else respond(stream, "next");
    });
    const client = await connectTo(endpoint);
    await expect(infer(client, { ...delayRequest(0), id: "lost" })).rejects.toMatchObject({
      status: "UNAVAILABLE",
    });
    await until(() => sessions[0]?.destroyed === true);
    expect((await infer(client, request("next"))).id).toBe("next");
    expect(sessions).toHaveLength(2);
  });
});
