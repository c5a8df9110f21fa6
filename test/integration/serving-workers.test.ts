import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createMarks, type InferenceClient } from "../../dist/core/transport.js";
import { createGrpcTransport } from "../../dist/transports/grpc/index.js";
import { createHttpTransport } from "../../dist/transports/http/index.js";
import { acceptedBy } from "./accepted-connections.ts";
import { ANY_PORT, inputs, pause, post, serve, statusOf, until, workersOf } from "./serving-process.ts";
import { isAlive, run } from "./wirebench.ts";

const CONNECTIONS = 8;

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
      // Whoever has most of the connections: half of them at least.
      const owners = [...acceptedBy(workersOf(server), server[transport]).values()];
      expect(owners.length).toBeGreaterThanOrEqual(CONNECTIONS);
      const connectionsOf = (pid: number): number => owners.filter((owner) => owner === pid).length;
      const [victim = 0] = workersOf(server).toSorted((a, b) => connectionsOf(b) - connectionsOf(a));
      const killedMs = performance.now();
      process.kill(victim, "SIGKILL");
      await server.wrote("serves in its place");
      const before = answered;
      await pause(500);
      isOver = true;
      await Promise.all(load);
      expect(answered).toBeGreaterThan(before);
      expect(failures.length).toBeGreaterThan(0);
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
      // An idle connection is closed at that moment, perhaps this one.
      const response = await fetch(`${server.http}/v2/health/ready`).catch(() => undefined);
      return response?.status === 400 ? true : undefined;
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
    /** What every worker answers: connections are opened, many at once, until each has taken one. */
    const codes = async (model: string): Promise<ReadonlySet<number>> => {
      const url = `${server.http}/v2/models/${model}/ready`;
      const workers = workersOf(server);
      const agents: Agent[] = [];
      const found = new Map<number, number>();
      try {
        for (let tries = 0; tries < 50 && workers.some((pid) => !found.has(pid)); tries++) {
          const more = Array.from({ length: CONNECTIONS }, () => new Agent({ keepAlive: true }));
          agents.push(...more);
          const answers = await Promise.all(more.map((agent) => statusOf(url, agent)));
          const owners = acceptedBy(workers, url);
          for (const { clientPort, status } of answers) found.set(owners.get(clientPort) ?? 0, status);
        }
      } finally {
        for (const agent of agents) agent.destroy();
      }
      expect(new Set(found.keys())).toEqual(new Set(workers));
      return new Set(found.values());
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
