import { lookup } from "node:dns/promises";
import { once } from "node:events";
import http from "node:http";
import net, { type AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import type { ServedRequest } from "../../dist/core/served-request.js";
import {
  DEFAULT_MAX_PAYLOAD_BYTES,
  type InferenceServer,
  type ServeOptions,
} from "../../dist/core/transport.js";
import { createHttpTransport } from "../../dist/transports/http/index.js";
import { infer, requestOf, until } from "./conformance-bed.ts";
import { createFakeCore, type FakeCore } from "./fake-core.ts";

const HOST = "127.0.0.1";
const CONNECT = {
  maxPayloadBytes: DEFAULT_MAX_PAYLOAD_BYTES,
  tuning: "defaults",
  encoding: "json",
} as const;
const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

async function serve(
  options: Partial<ServeOptions> = {},
  core: FakeCore = createFakeCore(),
): Promise<InferenceServer> {
  const server = await createHttpTransport().serve(core, {
    host: HOST,
    port: 0,
    maxPayloadBytes: DEFAULT_MAX_PAYLOAD_BYTES,
    tuning: "defaults",
    ...options,
  });
  cleanUps.push(() => server.close());
  return server;
}

describe("our HTTP server", () => {
  it("does not compute for a client that hung up while its request was inflated", async () => {
    const served: ServedRequest[] = [];
    const core = createFakeCore();
    const { endpoint } = await serve({ onServed: (request) => served.push(request) }, core);
    const text = JSON.stringify({ id: "gone", inputs: [], parameters: { wirebench_delay_us: 300_000 } });
    // Inflating so many blanks takes a while.
    const body = gzipSync(Buffer.concat([Buffer.alloc(100_000_000, " "), Buffer.from(text)]));
    const socket = net.connect(Number(new URL(endpoint).port), HOST);
    socket.on("error", () => undefined);
    socket.write(
      `POST /v2/models/delay/infer HTTP/1.1\r\nhost: x\r\ncontent-encoding: gzip\r\ncontent-length: ${body.byteLength}\r\n\r\n`,
    );
    socket.write(body);
    setTimeout(() => socket.destroy(), 40);
    await until(() => served.length > 0);
    expect(served).toMatchObject([{ status: "CANCELLED" }]);
  });

  it("listens on one address of localhost, and speaks both versions of HTTP there", async () => {
    const server = await serve({ host: "localhost" });
    expect(server.endpoint).toMatch(/^http:\/\/localhost:\d+$/);
    let answering = 0;
    for (const { address, family } of await lookup("localhost", { all: true })) {
      const host = family === 6 ? `[${address}]` : address;
      const endpoint = `http://${host}:${new URL(server.endpoint).port}`;
      const versions = await Promise.allSettled(
        (["1.1", "2"] as const).map(async (httpVersion) => {
          const client = await createHttpTransport().connect(endpoint, { ...CONNECT, httpVersion });
          await client.close();
        }),
      );
      expect(new Set(versions.map(({ status }) => status)).size).toBe(1);
      if (versions[0]?.status === "fulfilled") answering += 1;
    }
    expect(answering).toBe(1);
  });
});

describe("our HTTP client", () => {
  it("tells the text of an error that is longer than a line, shortened", async () => {
    const server = http.createServer((request, response) => {
      request.resume();
      response.writeHead(request.method === "POST" ? 400 : 200);
      response.end(JSON.stringify({ error: "x".repeat(20_000), more: "y" }));
    });
    server.listen(0, HOST);
    await once(server, "listening");
    cleanUps.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const endpoint = `http://${HOST}:${(server.address() as AddressInfo).port}`;
    const client = await createHttpTransport().connect(endpoint, CONNECT);
    cleanUps.push(() => client.destroy());
    await expect(infer(client, requestOf("m", Uint8Array.of(1)))).rejects.toMatchObject({
      status: "INVALID_ARGUMENT",
      message: "x".repeat(1_000),
    });
  });
});
