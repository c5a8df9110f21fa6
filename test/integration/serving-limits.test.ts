import { readFileSync } from "node:fs";
import { type ClientHttp2Session, connect as connectHttp2, constants } from "node:http2";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type Running, start, temporaryFolder } from "./wirebench.ts";

const inputs = [{ name: "input", datatype: "UINT8", shape: [3], data: [1, 2, 3] }];
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Served extends Running {
  readonly http: string;
  readonly ports: { readonly http: number; readonly grpc: number };
}

let server: Served | undefined;
afterEach(async () => {
  server?.child.kill("SIGTERM");
  expect((await server?.ended)?.code).toBe(0);
});

async function serve(...args: readonly string[]): Promise<Served> {
  const running = start([
    "serve",
    "--http-port",
    "0",
    "--grpc-port",
    "0",
    "--model",
    "null,delay-20ms",
    ...args,
  ]);
  await running.wrote("Ctrl-C ends");
  const [http = "", grpc = ""] = running.stdout().trim().split("\n");
  server = {
    ...running,
    http,
    ports: { http: Number(new URL(http).port), grpc: Number(grpc.split(":").at(-1)) },
  };
  return server;
}

function infer(http: string, model: string, body: object = {}): Promise<Response> {
  return fetch(`${http}/v2/models/${model}/infer`, {
    method: "POST",
    body: JSON.stringify({ inputs, ...body }),
  });
}

/** Connections that say `hello` and then next to nothing; `closed` counts those that the server ended. */
function slowClients(port: number, count: number, hello: string, more: string) {
  const sockets: Socket[] = [];
  let closed = 0;
  let said = "";
  for (let i = 0; i < count; i++) {
    const socket = connect(port, "127.0.0.1", () => void (hello !== "" && socket.write(hello)));
    const timer = setInterval(
      () => void (more !== "" && !socket.connecting && !socket.destroyed && socket.write(more)),
      100,
    );
    socket.on("error", () => {});
    socket.on("data", (data) => {
      said = data.toString();
    });
    socket.on("close", () => {
      clearInterval(timer);
      closed += 1;
    });
    sockets.push(socket);
  }
  return {
    closed: () => closed,
    said: () => said,
    end: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function until(look: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !look(); tries++) await pause(20);
  expect(look()).toBe(true);
}

describe("slow clients", () => {
  const HEAD = "POST /v2/models/null/infer HTTP/1.1\r\nhost: x\r\n";
  const kinds = [
    ["headers that never end", HEAD, "x-a: b\r\n", /^HTTP\/1\.1 408 /],
    ["bodies that never end", `${HEAD}content-length: 100000\r\n\r\n`, "x", /^HTTP\/1\.1 408 /],
    ["silence", "", "", /^HTTP\/1\.1 408 /],
  ] as const;
  for (const [what, hello, more, answer] of kinds) {
    it(`200 with ${what} hold nobody up, and are ended after --request-timeout`, async () => {
      const { http, ports } = await serve("--request-timeout", "1s");
      const slow = slowClients(ports.http, 200, hello, more);
      try {
        for (let i = 0; i < 10; i++) expect((await infer(http, "null")).status).toBe(200);
        await until(() => slow.closed() === 200);
        expect(slow.said()).toMatch(answer);
        expect((await infer(http, "null")).status).toBe(200);
      } finally {
        slow.end();
      }
    });
  }

  it("that say nothing to gRPC are ended, too", async () => {
    const { ports } = await serve("--request-timeout", "1s");
    const slow = slowClients(ports.grpc, 50, "", "");
    await until(() => slow.closed() === 50);
  });

  it("that begin a gRPC call and never send its message have it cancelled; the connection goes on", async () => {
    const { ports } = await serve("--request-timeout", "1s");
    const session = connectHttp2(`http://127.0.0.1:${ports.grpc}`);
    const call = session.request({
      ":method": "POST",
      ":path": "/inference.GRPCInferenceService/ModelInfer",
      "content-type": "application/grpc",
      te: "trailers",
    });
    call.on("error", () => {});
    await new Promise((resolve) => call.once("close", resolve));
    expect(call.rstCode).toBe(constants.NGHTTP2_CANCEL);
    expect(session.closed).toBe(false);
    session.destroy();
  });

  for (const hello of ["PRI", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]) {
    it(`that begin HTTP/2 with ${JSON.stringify(hello)} and say no more are ended, too`, async () => {
      const { ports } = await serve("--request-timeout", "1s");
      const slow = slowClients(ports.http, 50, hello, "");
      await until(() => slow.closed() === 50);
    });
  }

  it("whose request over HTTP/2 never ends have it reset; it is not answered, and the connection goes on", async () => {
    const folder = await temporaryFolder();
    const log = join(folder.path, "requests.jsonl");
    const { ports } = await serve("--request-timeout", "1s", "--access-log", log);
    const session = connectHttp2(`http://127.0.0.1:${ports.http}`);
    const call = session.request({ ":method": "POST", ":path": "/v2/models/null/infer" });
    call.on("error", () => {});
    call.write(JSON.stringify({ inputs }));
    await new Promise((resolve) => call.once("close", resolve));
    expect(call.rstCode).toBe(constants.NGHTTP2_CANCEL);
    expect(session.closed).toBe(false);
    session.destroy();
    await until(() => readFileSync(log, "utf8") !== "");
    expect(readFileSync(log, "utf8")).toMatch(/^\{[^\n]*"status":"CANCELLED"[^\n]*\}\n$/);
    await folder.remove();
  });

  it("are not those whose request is answered late", async () => {
    const { http } = await serve("--request-timeout", "500ms");
    const answer = await infer(http, "delay-20ms", { parameters: { wirebench_delay_us: 1_500_000 } });
    expect(answer.status).toBe(200);
  });
});

describe("limits", () => {
  it("--max-connections: one more is told and closed, and there is room again when another has gone", async () => {
    const { http, ports } = await serve("--max-connections", "3");
    const first = slowClients(ports.http, 3, "", "");
    await pause(200);
    const more = slowClients(ports.http, 2, "", "");
    await until(() => more.closed() === 2);
    expect(more.said()).toMatch(/^HTTP\/1\.1 503 [\s\S]*the server has its 3 connections already/);
    expect(first.closed()).toBe(0);
    first.end();
    await pause(200);
    expect((await infer(http, "null")).status).toBe(200);
  });

  it("--max-connections holds for gRPC, too", async () => {
    const { ports } = await serve("--max-connections", "2");
    const clients = slowClients(ports.grpc, 5, "", "");
    await until(() => clients.closed() === 3);
    clients.end();
  });

  it("--max-connections counts those that speak HTTP/2, too", async () => {
    const { ports } = await serve("--max-connections", "2");
    const open = async (): Promise<ClientHttp2Session> => {
      const session = connectHttp2(`http://127.0.0.1:${ports.http}`);
      session.on("error", () => {});
      await new Promise<void>((resolve) => {
        session.once("remoteSettings", () => resolve());
        session.once("close", resolve);
      });
      return session;
    };
    const [first, second, third] = [await open(), await open(), await open()];
    await until(() => third.destroyed);
    expect([first.destroyed, second.destroyed]).toEqual([false, false]);
    first.destroy();
    await pause(200);
    const fourth = await open();
    expect(fourth.destroyed).toBe(false);
    for (const session of [second, fourth]) session.destroy();
  });

  it("--max-queue: what finds the queue full is refused", async () => {
    const { http } = await serve("--max-queue", "1");
    const many = Array.from({ length: 6 }, () =>
      infer(http, "delay-20ms", { parameters: { wirebench_delay_us: 500_000 } }),
    );
    const codes = (await Promise.all(many)).map(({ status }) => status).sort();
    expect(codes).toEqual([200, 200, 429, 429, 429, 429]);
  });
});
