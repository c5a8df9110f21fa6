import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { childrenOf, type Running, start } from "../../integration/wirebench.ts";
import { type Attacker, attack, growthMib } from "./attack.ts";
import { createGrpcAttacker } from "./grpc-attacker.ts";
import { createHttpAttacker } from "./http-attacker.ts";
import { createHttp2Attacker } from "./http2-attacker.ts";
import { createMqttAttacker } from "./mqtt-attacker.ts";
import { createStreamAttacker } from "./stream-attacker.ts";
import { createTfsGrpcAttacker } from "./tfs-grpc-attacker.ts";
import { createTfsHttpAttacker } from "./tfs-http-attacker.ts";

/** Each listener of `serve`, by the scheme of its endpoint. */
const LISTENERS: readonly {
  readonly name: string;
  readonly scheme: string;
  create(endpoint: string): Attacker | Promise<Attacker>;
}[] = [
  { name: "http", scheme: "http", create: createHttpAttacker },
  { name: "http/2", scheme: "http", create: createHttp2Attacker },
  { name: "grpc", scheme: "grpc", create: createGrpcAttacker },
  { name: "a grpc stream", scheme: "grpc", create: createStreamAttacker },
  { name: "mqtt", scheme: "mqtt", create: createMqttAttacker },
  { name: "tfs-http", scheme: "tfs+http", create: createTfsHttpAttacker },
  { name: "tfs-grpc", scheme: "tfs+grpc", create: createTfsGrpcAttacker },
];

const TRANSPORTS = "http,grpc,mqtt,tfs-http,tfs-grpc";
const PORTS = ["--http-port", "--grpc-port", "--mqtt-port", "--tfs-http-port", "--tfs-grpc-port"].flatMap(
  (port) => [port, "0"],
);
/** What a heap that is not collected at once may move by. */
const MOST_GROWTH_MIB = 64;
/** Less than this is no serving process: its memory was not read. */
const LEAST_MIB = 20;
/** Fewer requests than this only warm a server up. */
const MEMORY_FROM_REQUESTS = 8_000;

/**
 * Defines the tests that send malformed requests to every listener of one server.
 *
 * @param requests - to each listener.
 */
export function testMalformed(requests: number): void {
  describe(`${requests.toLocaleString("en")} malformed requests`, () => {
    let serving: Running;
    let endpoints: ReadonlyMap<string, string>;
    let workers: readonly number[];

    beforeAll(async () => {
      serving = start(["serve", "--transport", TRANSPORTS, "--model", "identity", ...PORTS]);
      await serving.wrote("Ctrl-C");
      const lines = serving.stdout().trim().split("\n");
      endpoints = new Map(lines.map((line) => [line.slice(0, line.indexOf("://")), line]));
      workers = workersOf(serving);
      expect(workers).not.toEqual([]);
    }, 60_000);

    afterAll(async () => {
      serving.child.kill("SIGINT");
      const { code, stderr } = await serving.ended;
      expect(code, stderr).toBe(0);
      expect(stderr).not.toMatch(/^worker \d/m);
    });

    it.each(LISTENERS)(
      "over $name: none crashes it, hangs, or gets a wrong status or answer",
      async (listener) => {
        const attacker = await listener.create(endpoints.get(listener.scheme) ?? "");
        try {
          const result = await attack(attacker, { requests, servePid: serving.child.pid });
          expect(result.problems).toEqual([]);
          expect(serving.child.exitCode).toBeNull();
          // One that died is replaced: the endpoint would go on.
          expect(workersOf(serving)).toEqual(workers);
          expect(Math.min(...result.memoryMib)).toBeGreaterThan(LEAST_MIB);
          if (requests >= MEMORY_FROM_REQUESTS) expect(growthMib(result)).toBeLessThan(MOST_GROWTH_MIB);
        } finally {
          await attacker.close();
        }
      },
      120_000,
    );
  });
}

function workersOf({ child }: Running): readonly number[] {
  return childrenOf(child.pid)
    .map(({ pid }) => pid)
    .toSorted((a, b) => a - b);
}
