import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { InferenceServer } from "../../dist/core/transport.js";
import { createHttpTransport } from "../../dist/transports/http/index.js";
import { createRelay, type Relay } from "../../dist/transports/http/relay.js";
import { infer, patternBytes, requestOf, until } from "./conformance-bed.ts";
import { createFakeCore } from "./fake-core.ts";
import { testTransportConformance } from "./transport-conformance.ts";

testTransportConformance("http through a relay", {
  module: "../test/conformance/relayed-http.js",
  factory: "createRelayedHttpTransport",
  encodings: ["json", "binary"],
  tunings: ["defaults"],
  cancelReachesServer: true,
});

const HOST = "127.0.0.1";
const MAX_BYTES = 1_000_000;

interface Chain {
  readonly server: InferenceServer;
  readonly relay: Relay;
}

async function withChain(use: (chain: Chain) => Promise<void>): Promise<void> {
  const server = await createHttpTransport().serve(createFakeCore(), {
    host: HOST,
    port: 0,
    maxPayloadBytes: MAX_BYTES,
    tuning: "defaults",
  });
  const relay = await createRelay({
    host: HOST,
    port: 0,
    target: server.endpoint,
    maxPayloadBytes: MAX_BYTES,
  });
  try {
    await use({ server, relay });
  } finally {
    await relay.close();
    await server.close();
  }
}

const connectOptions = { maxPayloadBytes: MAX_BYTES, tuning: "defaults", encoding: "binary" } as const;

describe("the relay", () => {
  it("marks every request by its id, in the order of the way", async () => {
    await withChain(async ({ relay }) => {
      const client = await createHttpTransport().connect(relay.url, connectOptions);
      const request = requestOf("echo", patternBytes(200_000));
      const answer = await infer(client, request);
      expect(answer.outputs[0]?.data).toEqual(request.inputs[0]?.data);
      await client.destroy();
      const [mark, ...more] = relay.takeMarks();
      expect(more).toEqual([]);
      expect(mark?.requestId).toBe(request.id);
      const times = [mark?.requestInNs, mark?.requestOutNs, mark?.responseInNs, mark?.responseOutNs];
      expect(times.every((time) => Number.isFinite(time))).toBe(true);
      expect(times).toEqual(times.toSorted((a, b) => Number(a) - Number(b)));
      expect(relay.takeMarks()).toEqual([]);
    });
  });

  it("passes nothing on before the whole request is there", async () => {
    const seen: string[] = [];
    const server = http.createServer((request, response) => {
      seen.push(request.url ?? "");
      request.resume().on("end", () => response.end("ok"));
    });
    server.listen(0, HOST);
    await once(server, "listening");
    const address = server.address() as net.AddressInfo;
    const relay = await createRelay({
      host: HOST,
      port: 0,
      target: `http://${HOST}:${address.port}/prefix`,
      maxPayloadBytes: MAX_BYTES,
    });
    const socket = net.connect(relay.port, HOST);
    let text = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    socket.write("POST /a?b=1 HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nab");
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(seen).toEqual([]);
    socket.write("cd");
    await until(() => text.includes("ok"));
    expect(seen).toEqual(["/prefix/a?b=1"]);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    socket.destroy();
    await relay.close();
    server.close();
  });

  it("passes a compressed request on as it came", async () => {
    await withChain(async ({ relay }) => {
      const request = http.request(`${relay.url}/v2/models/echo/infer`, {
        method: "POST",
        headers: { "content-encoding": "gzip" },
      });
      request.end(gzipSync(JSON.stringify({ id: "packed", inputs: [] })));
      const [response] = (await once(request, "response")) as [http.IncomingMessage];
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      expect(JSON.parse(Buffer.concat(chunks).toString())).toMatchObject({ id: "packed" });
      expect(response.statusCode).toBe(200);
    });
  });

  it("has one connection to the server for each of its own", async () => {
    await withChain(async ({ server, relay }) => {
      const clients = await Promise.all(
        [0, 1, 2].map(() => createHttpTransport().connect(relay.url, connectOptions)),
      );
      await Promise.all(clients.map((client) => infer(client, requestOf("echo", patternBytes(10)))));
      await Promise.all(clients.map((client) => infer(client, requestOf("echo", patternBytes(10)))));
      const port = Number(new URL(server.endpoint).port);
      expect(await connectionsTo(port)).toBe(3);
      await Promise.all(clients.map((client) => client.destroy()));
    });
  });

  it("says in one line that the server has gone", async () => {
    await withChain(async ({ server, relay }) => {
      const client = await createHttpTransport().connect(relay.url, connectOptions);
      await server.close();
      await expect(infer(client, requestOf("echo", patternBytes(10)))).rejects.toMatchObject({
        status: "UNAVAILABLE",
        message: expect.stringMatching(/^relay: [^\n]*$/),
      });
      await client.destroy();
    });
  });

  it("refuses a port in use and a target that is no URL", async () => {
    await withChain(async ({ relay }) => {
      const options = { host: HOST, port: relay.port, target: relay.url, maxPayloadBytes: 1 };
      await expect(createRelay(options)).rejects.toMatchObject({ status: "UNAVAILABLE" });
      await expect(createRelay({ ...options, target: "mqtt://x" })).rejects.toMatchObject({
        status: "INVALID_ARGUMENT",
      });
    });
  });
});

/** Established connections to a local port, as the kernel counts them. */
async function connectionsTo(port: number): Promise<number> {
  const { readFile } = await import("node:fs/promises");
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const lines = (await readFile("/proc/self/net/tcp", "utf8")).split("\n");
  return lines.filter((line) => new RegExp(`^\\s*\\d+: \\S+ [0-9A-F]{8}:${hex} 01 `).test(line)).length;
}
