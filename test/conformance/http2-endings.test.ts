import { once } from "node:events";
import net, { type AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { TransportError } from "../../dist/core/errors.js";
import type { ServedRequest } from "../../dist/core/served-request.js";
import {
  DEFAULT_MAX_PAYLOAD_BYTES,
  type InferenceClient,
  type InferenceServer,
  type ServeOptions,
} from "../../dist/core/transport.js";
import { openSession } from "../../dist/transports/http/http2-session.js";
import { MOST_STREAMS } from "../../dist/transports/http/http2-settings.js";
import { createHttpTransport } from "../../dist/transports/http/index.js";
import { delayRequest, infer, until } from "./conformance-bed.ts";
import { createFakeCore, type FakeCore } from "./fake-core.ts";
import {
  ACK,
  DATA,
  END_HEADERS,
  END_STREAM,
  GOAWAY,
  HEADERS,
  NO_SETTINGS,
  NOT_FOUND_BLOCK,
  PREFACE,
  postBlock,
  RST_STREAM,
  readFrames,
  SETTINGS,
  words,
  writeFrame,
} from "./http2-frames.ts";

const HOST = "127.0.0.1";
const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

async function connectTo(endpoint: string): Promise<InferenceClient> {
  const client = await createHttpTransport().connect(endpoint, {
    maxPayloadBytes: DEFAULT_MAX_PAYLOAD_BYTES,
    tuning: "tuned",
    encoding: "binary",
    httpVersion: "2",
  });
  cleanUps.push(() => client.destroy());
  return client;
}

async function serve(
  options: Partial<ServeOptions> = {},
  core: FakeCore = createFakeCore(),
): Promise<InferenceServer> {
  const server = await createHttpTransport().serve(core, {
    host: HOST,
    port: 0,
    maxPayloadBytes: DEFAULT_MAX_PAYLOAD_BYTES,
    tuning: "tuned",
    ...options,
  });
  cleanUps.push(() => server.close());
  return server;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A client by hand that has begun to speak HTTP/2 and does not end its side when the server does. */
async function rawClient({ endpoint }: InferenceServer): Promise<net.Socket> {
  const socket = net.connect({ port: Number(new URL(endpoint).port), host: HOST, allowHalfOpen: true });
  cleanUps.push(() => socket.destroy());
  socket.on("error", () => undefined);
  socket.write(Buffer.concat([PREFACE, NO_SETTINGS]));
  // The server's settings.
  await once(socket, "data");
  socket.resume();
  return socket;
}

describe("our server over HTTP/2", () => {
  it("closes although a client ignores its goodbye and does not end the connection", async () => {
    const server = await serve({ limits: { closeTimeoutMs: 200 } });
    await rawClient(server);
    const startMs = performance.now();
    await server.close();
    expect(performance.now() - startMs).toBeLessThan(2_000);
  });

  it("does not take a body for whole whose request was reset, whatever the reset says", async () => {
    const served: ServedRequest[] = [];
    const core = createFakeCore();
    const server = await serve({ onServed: (request) => served.push(request) }, core);
    for (const code of [0, 8]) {
      const socket = await rawClient(server);
      const body = Buffer.from('{"id":"cut off","inputs":[],"parameters":{"binary_data_output":true}}');
      socket.write(
        Buffer.concat([
          writeFrame({ type: HEADERS, flags: END_HEADERS, stream: 1 }, postBlock("/v2/models/echo/infer")),
          writeFrame({ type: DATA, flags: 0, stream: 1 }, body),
        ]),
      );
      await pause(50);
      socket.write(writeFrame({ type: RST_STREAM, flags: 0, stream: 1 }, words(code)));
      await until(() => served.length > 0);
      expect(served.splice(0)).toMatchObject([{ status: "CANCELLED" }]);
    }
    expect(core.seen).toEqual([]);
  });

  it("has no more requests of a connection open than it says; its client keeps the others until there is room", async () => {
    const core = createFakeCore();
    const client = await connectTo((await serve({}, core)).endpoint);
    const request = () => infer(client, delayRequest(2_000));
    const answers = Array.from({ length: MOST_STREAMS + 50 }, request);
    const controller = new AbortController();
    const givenUp = infer(client, delayRequest(2_000), { signal: controller.signal });
    givenUp.catch(() => undefined);
    await until(() => core.seen.length >= MOST_STREAMS);
    await pause(50);
    expect(core.seen).toHaveLength(MOST_STREAMS);
    controller.abort(new TransportError("CANCELLED", "no longer wanted"));
    await expect(givenUp).rejects.toMatchObject({ status: "CANCELLED" });
    await Promise.all(answers);
    expect(core.seen).toHaveLength(MOST_STREAMS + 50);
  });
});

describe("our client over HTTP/2", () => {
  /** Answers every request with 404, says goodbye after it where it `leaves`, and never ends its side of a connection. */
  async function stubborn(leaves: boolean) {
    const sockets: net.Socket[] = [];
    const server = net.createServer({ allowHalfOpen: true }, (socket) => {
      sockets.push(socket);
      socket.on("error", () => undefined);
      socket.write(NO_SETTINGS);
      let rest: Buffer = Buffer.alloc(0);
      let isGreeted = false;
      socket.on("data", (chunk: Buffer) => {
        rest = Buffer.concat([rest, chunk]);
        if (!isGreeted && rest.byteLength < PREFACE.byteLength) return;
        const read = readFrames(isGreeted ? rest : rest.subarray(PREFACE.byteLength));
        isGreeted = true;
        rest = read.rest;
        for (const { type, flags, stream } of read.heads) {
          if (type === SETTINGS && flags !== ACK) {
            socket.write(writeFrame({ type: SETTINGS, flags: ACK, stream: 0 }));
          }
          if (type !== HEADERS) continue;
          const answer = { type: HEADERS, flags: END_STREAM | END_HEADERS, stream };
          const goodbye = writeFrame({ type: GOAWAY, flags: 0, stream: 0 }, words(stream, 0));
          // In one piece: a client that knows no more than the answer would go on here.
          socket.write(Buffer.concat([writeFrame(answer, NOT_FOUND_BLOCK), leaves ? goodbye : Buffer.of()]));
        }
      });
    });
    server.listen(0, HOST);
    await once(server, "listening");
    cleanUps.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return { endpoint: `http://${HOST}:${(server.address() as AddressInfo).port}`, sockets };
  }

  it("closes although the server does not end the connection", async () => {
    const { endpoint } = await stubborn(false);
    const client = await connectTo(endpoint);
    const startMs = performance.now();
    await client.close();
    expect(performance.now() - startMs).toBeLessThan(2_000);
  });

  it("leaves no connection behind that the server said goodbye on", async () => {
    for (const end of ["close", "destroy"] as const) {
      const { endpoint, sockets } = await stubborn(true);
      const client = await connectTo(endpoint);
      // Node tells of the goodbye after the answer.
      await pause(50);
      await expect(client.serverMetadata()).rejects.toMatchObject({ status: "NOT_FOUND" });
      expect(sockets).toHaveLength(2);
      await client[end]();
      // Writing to an end that is closed breaks the connection; one that is only half closed takes it.
      await until(() => {
        for (const socket of sockets) if (socket.writable) socket.write(NO_SETTINGS);
        return sockets.every((socket) => socket.destroyed);
      });
    }
  });

  it("closes once for calls that overlap", async () => {
    const core = createFakeCore();
    const client = await connectTo((await serve({}, core)).endpoint);
    const request = delayRequest(200);
    const answer = infer(client, request);
    await until(() => core.seen.includes(request.id));
    await Promise.all([client.close(), client.close()]);
    expect((await answer).id).toBe(request.id);
  }, 5_000);

  it("gives up a connection that does not come about, also one more than the first", async () => {
    const opened = openSession(
      { origin: "http://nowhere.invalid:1", connectTimeoutMs: 100, tuned: false },
      // A name that nobody ever answers for.
      (address) => net.connect({ ...address, lookup: () => undefined }),
    );
    const [reason] = (await once(opened.session.request({ ":path": "/" }), "error")) as [Error];
    expect(reason.message).toMatch(/no connection within 100 ms/);
    await opened.gone;
  }, 5_000);
});
