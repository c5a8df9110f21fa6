import { hostname } from "node:os";
import { describe, expect, it } from "vitest";
import type { TransportError } from "../../dist/core/errors.js";
import { delayRequest, infer, requestOf, startProcess } from "./conformance-bed.ts";
import { hasMosquitto } from "./mosquitto-process.ts";
import { createMqttBed, maxPayloadBytes, ONE_LINE, transport, untilAnswered } from "./mqtt-bed.ts";

const { broker, serve, connect, mosquitto, release, foreignClient } = createMqttBed();

/** A server of the group in a process of its own, which can be killed. */
async function serveApart(brokerUrl: string, serverId: string): Promise<{ kill(): Promise<void> }> {
  const child = await startProcess("server", {
    subject: {
      module: "transports/mqtt/index.js",
      factory: "createMqttTransport",
      encodings: ["binary"],
      cancelReachesServer: false,
    },
    transport,
    serveOptions: {
      host: "127.0.0.1",
      port: 0,
      maxPayloadBytes,
      tuning: "tuned",
      mqtt: { brokerUrl, qos: 0, group: "g", serverId },
    },
    connectOptions: { maxPayloadBytes, tuning: "tuned", encoding: "binary" },
  });
  const kill = async (): Promise<void> => {
    child.kill();
    await child.exited;
  };
  release(kill);
  return { kill };
}

it("the embedded broker refuses shared subscriptions instead of never serving them", async () => {
  const { url } = await broker();
  await expect(serve(url, { group: "g" })).rejects.toMatchObject({
    status: "UNAVAILABLE",
    message: ONE_LINE,
  });
});

describe.skipIf(!hasMosquitto())("a group of servers through Mosquitto (apt-get install mosquitto)", () => {
  it.each([0, 1, 2] as const)("takes turns, QoS %i", async (qos) => {
    const { url } = await mosquitto();
    const servers = [
      await serve(url, { qos, group: "g", serverId: "a" }),
      await serve(url, { qos, group: "g", serverId: "b" }),
    ];
    const client = await connect(url, { qos });
    for (let i = 0; i < 20; i++) await infer(client, requestOf("echo", Uint8Array.of(1)));
    const counts = servers.map(({ core }) => core.seen.length);
    expect(counts[0]).toBeGreaterThan(0);
    expect(counts[1]).toBeGreaterThan(0);
    expect((counts[0] ?? 0) + (counts[1] ?? 0)).toBe(20);
  });

  it("leaves nothing behind when the last one closes, not even under a name that only the place had", async () => {
    const { url } = await mosquitto();
    const first = await serve(url, { group: "g", place: "first" });
    const last = await serve(url, { group: "g" });
    const names = [`g-${hostname()}-first`, `g-${hostname()}-${process.pid}`];
    const before = await retainedTopics(url);
    for (const name of names) {
      expect(before).toContain(`oip/v2/servers/${name}`);
      expect(before).toContain(`oip/v2/servers/${name}/status`);
    }
    await first.server.close();
    await untilAnswered(async () => {
      const topics = await retainedTopics(url);
      expect(topics.filter((topic) => topic.includes("-first"))).toEqual([]);
      expect(topics).toContain("oip/v2/models/echo");
    });
    await last.server.close();
    expect(await retainedTopics(url)).toEqual([]);
  });

  it("offers a model again that one of it takes back, and no request fails meanwhile", async () => {
    const { url } = await mosquitto();
    await serve(url, { group: "g" });
    const client = await connect(url);
    const leaving = await foreignClient(url, "leaving");
    for (let i = 0; i < 20; i++) {
      await leaving.publishAsync("oip/v2/models/echo", "", { qos: 1, retain: true });
      await infer(client, requestOf("echo", Uint8Array.of(1)));
    }
    await untilAnswered(async () => expect(await retainedTopics(url)).toContain("oip/v2/models/echo"));
  });

  it("may take a moment to offer a model again: a client waits for that before the model is unknown", async () => {
    const { url } = await mosquitto();
    // Without a group nobody says it again, but this test.
    await serve(url);
    const client = await connect(url);
    const words = await foreignClient(url, "words");
    const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
    const say = (text: string) => words.publishAsync("oip/v2/models/echo", text, { qos: 1, retain: true });
    // Longer than a client waits for the first words.
    await pause(400);
    await say("");
    await pause(50);
    const answer = infer(client, requestOf("echo", Uint8Array.of(1)));
    answer.catch(() => undefined);
    await pause(50);
    await say('{"name":"echo"}');
    expect((await answer).modelName).toBe("echo");
  });

  it("loses no request when a member closes while they come", async () => {
    const { url } = await mosquitto();
    await serve(url, { group: "g", serverId: "a" });
    const leaving = await serve(url, { group: "g", serverId: "b" });
    const client = await connect(url);
    const answers: Promise<unknown>[] = [];
    let closed: Promise<void> | undefined;
    for (let i = 0; i < 150; i++) {
      if (i === 50) closed = leaving.server.close();
      answers.push(infer(client, delayRequest(20)));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await closed;
    expect(await Promise.all(answers)).toHaveLength(150);
    expect(leaving.core.seen.length).toBeGreaterThan(20);
    expect(leaving.core.seen.length).toBeLessThan(75);
  });

  it("a member that closes answers what it has taken, and the other goes on", async () => {
    const { url } = await mosquitto();
    await serve(url, { group: "g", serverId: "a" });
    const leaving = await serve(url, { group: "g", serverId: "b" });
    const client = await connect(url);
    const answers = Array.from({ length: 8 }, () => infer(client, delayRequest(150)));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await leaving.server.close();
    expect(await Promise.all(answers)).toHaveLength(8);
    for (let i = 0; i < 5; i++) await infer(client, delayRequest(0));
  });

  it("a member that is killed takes its requests with it until their deadline, says so, and nothing else fails", async () => {
    const { url } = await mosquitto();
    const killed = await serveApart(url, "a");
    await serveApart(url, "b");
    const client = await connect(url);
    const inFlight = Array.from({ length: 10 }, () =>
      infer(client, delayRequest(600), { deadlineMs: 2_500 }),
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    await killed.kill();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const later = Array.from({ length: 10 }, () => infer(client, delayRequest(1), { deadlineMs: 2_500 }));
    expect(await Promise.all(later)).toHaveLength(10);
    const ends = await Promise.allSettled(inFlight);
    const failed = ends.filter((end): end is PromiseRejectedResult => end.status === "rejected");
    // Mosquitto deals them out in turn.
    expect(failed).toHaveLength(5);
    for (const { reason } of failed) {
      expect(reason).toMatchObject({
        status: "DEADLINE_EXCEEDED",
        message:
          "no answer within the deadline of 2500 ms: the server 'a' died meanwhile, perhaps with the request",
      } satisfies Partial<TransportError>);
    }
  });

  it("whose last member is killed fails what is in flight with UNAVAILABLE at once", async () => {
    const { url } = await mosquitto();
    const servers = [await serveApart(url, "a"), await serveApart(url, "b")];
    const client = await connect(url);
    const inFlight = Array.from({ length: 4 }, () => infer(client, delayRequest(10_000)));
    for (const answer of inFlight) answer.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const { kill } of servers) await kill();
    for (const answer of inFlight) await expect(answer).rejects.toMatchObject({ status: "UNAVAILABLE" });
  });
});

async function retainedTopics(url: string): Promise<readonly string[]> {
  const client = await foreignClient(url, `look-${Math.random()}`);
  const topics: string[] = [];
  client.on("message", (topic) => topics.push(topic));
  await client.subscribeAsync("oip/#", { qos: 1 });
  await new Promise((resolve) => setTimeout(resolve, 100));
  await client.endAsync();
  return topics;
}
