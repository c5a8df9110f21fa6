import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createMarks, type InferenceClient } from "../../dist/core/transport.js";
import { createGrpcTransport } from "../../dist/transports/grpc/index.js";
import { createHttpTransport } from "../../dist/transports/http/index.js";
import { childrenOf, isAlive, type Running, run, start } from "./wirebench.ts";

const ANY_PORT = ["--http-port", "0", "--grpc-port", "0"];
const CONNECTIONS = 8;

async function until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 500; tries++) {
    const found = await look();
    if (found !== undefined) return found;
    await pause(20);
  }
  throw new Error("what was waited for did not come");
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function serve(...args: readonly string[]): Promise<Running & { http: string; grpc: string }> {
  const running = start(["serve", ...ANY_PORT, ...args]);
  await running.wrote("Ctrl-C ends");
  const [http = "", grpc = ""] = running.stdout().trim().split("\n");
  return { ...running, http, grpc };
}

const workersOf = ({ child }: Running) => childrenOf(child.pid).map(({ pid }) => pid);

function post(url: string, body: unknown = {}): Promise<Response> {
  return fetch(url, { method: "POST", body: JSON.stringify(body) });
}

const inputs = [{ name: "input", datatype: "UINT8", shape: [3], data: [1, 2, 3] }];

describe("kill -9 of a serving worker under load", () => {
  const options = { maxPayloadBytes: 1e6, tuning: "tuned", encoding: "binary" } as const;
  const connect = {
    http: (url: string) => createHttpTransport().connect(url, options),
    grpc: (url: string) => createGrpcTransport().connect(url, options),
  };

  for (const transport of ["http", "grpc"] as const) {
    it(`${transport}: what it was answering fails with UNAVAILABLE and nothing else does`, async () => {
      const server = await serve("--model", "delay-20ms", "--workers", "2", "--instances", "4");
      const clients: InferenceClient[] = [];
      for (let i = 0; i < CONNECTIONS; i++) clients.push(await connect[transport](server[transport]));
      const failures: { readonly client: number; readonly beganMs: number; readonly status: string }[] = [];
      let answered = 0;
      let isOver = false;
      const load = clients.map(async (client, i) => {
        for (let request = 0; !isOver; request++) {
          const beganMs = performance.now();
          const tensor = { name: "input", datatype: "UINT8", shape: [3], data: new Uint8Array(3) } as const;
          const asked = { modelName: "delay-20ms", id: `${i}-${request}`, inputs: [tensor] };
          try {
            await client.infer(asked, { marks: createMarks(), deadlineMs: 10_000 });
            answered += 1;
          } catch (error) {
            failures.push({ client: i, beganMs, status: (error as { status: string }).status });
          }
        }
      });
      await pause(500);
      const [victim = 0] = workersOf(server);
      const killedMs = performance.now();
      process.kill(victim, "SIGKILL");
      await server.wrote("serves in its place");
      const before = answered;
      await pause(500);
      isOver = true;
      await Promise.all(load);
      expect(answered).toBeGreaterThan(before);
      // Each connection has one request outstanding: one of each may have been lost, and only one begun before.
      expect(new Set(failures.map(({ client }) => client)).size).toBe(failures.length);
      for (const { status, beganMs } of failures) {
        expect(status).toBe("UNAVAILABLE");
        expect(beganMs).toBeLessThan(killedMs + 50);
      }
      expect(workersOf(server)).toHaveLength(2);
      expect(workersOf(server)).not.toContain(victim);
      await Promise.all(clients.map((client) => client.close()));
      server.child.kill("SIGTERM");
      const ended = await server.ended;
      expect(ended.code, ended.stderr).toBe(0);
      expect(ended.stderr).toMatch(
        /worker \d \(pid \d+\) was killed \(SIGKILL\); its requests in flight have failed/,
      );
    });
  }

  it("serves on the same ports when every worker was killed", async () => {
    const server = await serve("--model", "null", "--workers", "2");
    const before = workersOf(server);
    for (const pid of before) process.kill(pid, "SIGKILL");
    await until(async () => {
      const response = await post(`${server.http}/v2/models/null/infer`, { inputs }).catch(() => undefined);
      return response?.status === 200 ? true : undefined;
    });
    await until(() => (workersOf(server).length === 2 ? true : undefined));
    for (const pid of before) expect(isAlive(pid)).toBe(false);
    server.child.kill("SIGTERM");
    expect((await server.ended).code).toBe(0);
  });
});

describe("the end of serve", () => {
  it("drains on SIGTERM: not ready at once, requests in flight finish, new ones do not begin, exit code 0", async () => {
    const server = await serve("--model", "delay-20ms", "--workers", "2");
    const slow = { id: "slow", parameters: { wirebench_delay_us: 2_000_000 }, inputs };
    const inFlight = post(`${server.http}/v2/models/delay-20ms/infer`, slow);
    await pause(300);
    server.child.kill("SIGTERM");
    await until(async () => {
      const { status } = await fetch(`${server.http}/v2/health/ready`);
      return status === 400 ? true : undefined;
    });
    expect((await fetch(`${server.http}/v2/health/live`)).status).toBe(200);
    expect((await post(`${server.http}/v2/models/delay-20ms/infer`, { inputs })).status).toBe(503);
    const answer = await inFlight;
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ id: "slow" });
    const ended = await server.ended;
    expect(ended.code, ended.stderr).toBe(0);
  });

  it("fails what is left after --drain-timeout, says how much, and ends", async () => {
    const server = await serve("--model", "delay-20ms", "--drain-timeout", "300ms");
    const slow = { parameters: { wirebench_delay_us: 30_000_000 }, inputs };
    const inFlight = post(`${server.http}/v2/models/delay-20ms/infer`, slow);
    await pause(300);
    server.child.kill("SIGTERM");
    expect((await inFlight).status).toBe(503);
    const ended = await server.ended;
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stderr).toContain("1 requests had no answer after 0.3 s and failed");
  });

  it("ends with one line when a worker dies at every start", async () => {
    const folder = await mkdtemp(join(tmpdir(), "wirebench-test-"));
    const crash = join(folder, "crash.cjs");
    await writeFile(
      crash,
      `if (process.argv[1]?.endsWith("processes/server.js")) { console.error("no luck"); process.exit(7); }`,
    );
    const env = { ...process.env, NODE_OPTIONS: `--require ${crash}` };
    const ended = await run(["serve", ...ANY_PORT, "--model", "null", "--workers", "2"], undefined, env);
    await rm(folder, { recursive: true });
    expect(ended.code).toBe(2);
    expect(ended.stderr.trim()).toMatch(
      /^wirebench: worker \d ended 5 times in a row before it served: the server process ended with code 7: no luck$/,
    );
  });

  it("leaves no worker behind when it is killed itself", async () => {
    const server = await serve("--model", "null", "--workers", "2");
    const workers = workersOf(server);
    expect(workers).toHaveLength(2);
    server.child.kill("SIGKILL");
    await server.ended;
    for (const pid of workers) await until(() => (isAlive(pid) ? undefined : true));
  });
});

describe("models of several workers", () => {
  it("are loaded and unloaded in every worker, also in one that comes later", async () => {
    const server = await serve("--model", "null", "--workers", "2");
    const codes = async (model: string): Promise<ReadonlySet<number>> => {
      const found = new Set<number>();
      // Each a connection of its own: whichever worker is free takes it.
      for (let i = 0; i < 12; i++) {
        const response = await fetch(`${server.http}/v2/models/${model}/ready`, {
          headers: { connection: "close" },
        });
        found.add(response.status);
      }
      return found;
    };
    const change = (model: string, action: string): Promise<Response> =>
      post(`${server.http}/v2/repository/models/${model}/${action}`);
    expect(await codes("identity")).toEqual(new Set([404]));
    expect((await change("identity", "load")).status).toBe(200);
    expect(await codes("identity")).toEqual(new Set([200]));
    expect((await change("null", "unload")).status).toBe(200);
    process.kill(workersOf(server)[0] ?? 0, "SIGKILL");
    await server.wrote("serves in its place");
    expect(await codes("identity")).toEqual(new Set([200]));
    expect((await codes("null")).has(200)).toBe(false);
    expect((await change("nothing-of-the-kind", "load")).ok).toBe(false);
    server.child.kill("SIGTERM");
    expect((await server.ended).code).toBe(0);
  });

  it("stay as they are with --model-control none", async () => {
    const server = await serve("--model", "null", "--model-control", "none");
    const refused = await post(`${server.http}/v2/repository/models/identity/load`);
    expect(refused.status).toBe(501);
    expect(await refused.text()).toContain("--model-control none");
    server.child.kill("SIGTERM");
    await server.ended;
  });
});

describe("the request log", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "wirebench-test-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("has a line for each request, of every worker, and goes on in a new file after SIGHUP", async () => {
    const path = join(folder, "requests.jsonl");
    const server = await serve("--model", "null", "--workers", "2", "--access-log", path);
    for (let i = 0; i < 20; i++) await post(`${server.http}/v2/models/null/infer`, { id: `r${i}`, inputs });
    await post(`${server.http}/v2/models/none/infer`, { inputs });
    const linesOf = async (file: string): Promise<readonly Readonly<Record<string, unknown>>[]> => {
      const text = await readFile(file, "utf8").catch(() => "");
      const lines = text.split("\n").filter((line) => line !== "");
      return lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    };
    const lines = await until(async () => {
      const found = await linesOf(path);
      return found.length >= 21 ? found : undefined;
    });
    expect(lines).toHaveLength(21);
    expect(new Set(lines.map((line) => line["id"]))).toEqual(
      new Set(["", ...Array.from({ length: 20 }, (_, i) => `r${i}`)]),
    );
    expect(lines.find((line) => line["id"] === "r3")).toMatchObject({
      transport: "http",
      model: "null",
      version: "1",
      status: "OK",
      client: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      infer_ms: expect.any(Number),
    });
    expect(lines.find((line) => line["model"] === "none")).toMatchObject({ status: "NOT_FOUND" });
    await rename(path, `${path}.1`);
    server.child.kill("SIGHUP");
    await until(() => readFile(path).catch(() => undefined));
    await post(`${server.http}/v2/models/null/infer`, { id: "last", inputs });
    server.child.kill("SIGTERM");
    expect((await server.ended).code).toBe(0);
    expect((await linesOf(path)).map((line) => line["id"])).toEqual(["last"]);
  });

  it("to standard output leaves nothing else there", async () => {
    const server = start(["serve", ...ANY_PORT, "--model", "null", "--access-log", "-"]);
    await server.wrote("Ctrl-C ends");
    server.child.kill("SIGTERM");
    const ended = await server.ended;
    expect(ended.stdout).toBe("");
    expect(ended.stderr).toMatch(/http:\/\/127/);
  });
});

describe("what serve refuses before it begins, in one line and with exit code 2", () => {
  const cases: readonly (readonly [what: string, args: readonly string[], line: RegExp])[] = [
    ["no model of that name", ["--model", "nope"], /^wirebench: unknown model 'nope'/],
    [
      "a log that cannot be written",
      ["--access-log", "/no/such/folder/x"],
      /^wirebench: --access-log: cannot write/,
    ],
    [
      "an empty repository",
      ["--model-repository", "test/integration/serving"],
      /^wirebench: --model-repository: no models in/,
    ],
    [
      "an address of another machine",
      ["--host", "192.0.2.1"],
      /^wirebench: cannot listen on 192\.0\.2\.1:\d+: no such address/,
    ],
  ];
  for (const [what, args, line] of cases) {
    it(what, async () => {
      const ended = await run(["serve", ...ANY_PORT, ...args]);
      expect(ended.code).toBe(2);
      expect(ended.stderr.trim().split("\n")).toEqual([expect.stringMatching(line)]);
      expect(ended.stdout).toBe("");
    });
  }

  it("a port that is in use", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const address = other.address();
    const port = typeof address === "object" && address !== null ? String(address.port) : "";
    const ended = await run(["serve", "--model", "null", "--http-port", port, "--grpc-port", "0"]);
    await new Promise((resolve) => other.close(resolve));
    expect(ended.code).toBe(2);
    expect(ended.stderr.trim()).toBe(`wirebench: cannot listen on 127.0.0.1:${port}: address already in use`);
  });
});
