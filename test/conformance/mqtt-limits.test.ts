import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { encodeInferRequest, joinParts } from "../../dist/core/oip/protobuf.js";
import { createMarks } from "../../dist/core/transport.js";
import { delayRequest, infer, patternBytes, requestOf, until } from "./conformance-bed.ts";
import { hasMosquitto } from "./mosquitto-process.ts";
import { createMqttBed, ONE_LINE, untilAnswered } from "./mqtt-bed.ts";

const { mosquitto, strictBroker, serve, connect, release, foreignClient } = createMqttBed();

describe("a broker of MQTT 3.1.1", () => {
  it("that hangs up on a large message is told with its size, and the client is back", async () => {
    const url = await strictBroker({
      authorizePublish(client, packet, done) {
        if (packet.payload.length > 100_000) client?.close();
        done(null);
      },
    });
    await serve(url);
    const client = await connect(url);
    const request = requestOf("echo", patternBytes(200_000));
    await expect(infer(client, request)).rejects.toMatchObject({
      status: "UNAVAILABLE",
      message: expect.stringMatching(
        /^the connection to the MQTT broker \S+ is lost while a message of 200\d+ bytes was on its way, which may be more than it takes$/,
      ) as string,
    });
    await untilAnswered(() => infer(client, delayRequest(0)));
  });

  it("that keeps a client from its response topic is told when it connects", async () => {
    const url = await strictBroker({
      authorizeSubscribe: (_client, subscription, done) =>
        done(null, subscription.topic.startsWith("oip/v2/clients/") ? null : subscription),
    });
    await serve(url);
    await expect(connect(url)).rejects.toMatchObject({
      message: expect.stringMatching(
        /^the MQTT broker \S+ refuses a subscription to oip\/v2\/clients\/\S+\/responses: /,
      ) as string,
    });
  });
});

describe.skipIf(!hasMosquitto())("Mosquitto's limits (apt-get install mosquitto)", () => {
  it("its largest packet is RESOURCE_EXHAUSTED before a request is sent, and for an answer", async () => {
    const { url } = await mosquitto("max_packet_size 50000");
    await serve(url);
    const client = await connect(url);
    const marks = createMarks();
    await expect(infer(client, requestOf("echo", patternBytes(60_000)), { marks })).rejects.toMatchObject({
      status: "RESOURCE_EXHAUSTED",
      message: expect.stringMatching(
        /^a message of 60\d+ bytes is larger than the MQTT broker \S+ takes in a packet \(50000 bytes\)$/,
      ) as string,
    });
    expect(marks.sentNs).toBe(0);
    await expect(infer(client, requestOf("grow", Uint8Array.of(1), { bytes: 60_000 }))).rejects.toMatchObject(
      { status: "RESOURCE_EXHAUSTED", message: ONE_LINE },
    );
    const next = requestOf("echo", patternBytes(40_000));
    expect((await infer(client, next)).id).toBe(next.id);
  });

  it.each([1, 2] as const)(
    "its largest payload, told by a code that MQTT has not, ends only what is in flight, QoS %i",
    async (qos) => {
      const { url } = await mosquitto("message_size_limit 50000");
      await serve(url, { qos });
      const client = await connect(url, { qos });
      await expect(infer(client, requestOf("echo", patternBytes(60_000)))).rejects.toMatchObject({
        status: "UNAVAILABLE",
        message: expect.stringMatching(
          /is lost while a message of 60\d+ bytes was on its way, which may be more than it takes: Invalid pub\w+ reason code$/,
        ) as string,
      });
      await untilAnswered(() => infer(client, delayRequest(0)));
      await expect(
        infer(client, requestOf("grow", Uint8Array.of(1), { bytes: 60_000 })),
      ).rejects.toMatchObject({ status: "UNAVAILABLE", message: ONE_LINE });
      await untilAnswered(() => infer(client, delayRequest(0)));
    },
  );

  it.each([1, 2] as const)("its receive maximum is kept to, QoS %i", async (qos) => {
    const { url } = await mosquitto("max_inflight_messages 3");
    await serve(url, { qos });
    const client = await connect(url, { qos });
    const requests = Array.from({ length: 40 }, (_, i) => requestOf("echo", patternBytes(i * 1000)));
    const answers = await Promise.all(requests.map((request) => infer(client, request)));
    expect(answers.map(({ id }) => id)).toEqual(requests.map(({ id }) => id));
  });

  it("its highest QoS is told in one sentence, to a server and to a client", async () => {
    const { url } = await mosquitto("max_qos 1");
    const refusal = {
      status: "UNIMPLEMENTED",
      message: expect.stringMatching(/^the MQTT broker \S+ has no QoS above 1$/) as string,
    };
    await expect(serve(url, { qos: 2 })).rejects.toMatchObject(refusal);
    await expect(connect(url, { qos: 2 })).rejects.toMatchObject(refusal);
    await serve(url, { qos: 1 });
    const client = await connect(url, { qos: 1 });
    const next = requestOf("echo", Uint8Array.of(1));
    expect((await infer(client, next)).id).toBe(next.id);
  });

  it.each([0, 1, 2] as const)(
    "an answer whose topic would be too long is not begun, and nobody else's fails, QoS %i",
    async (qos) => {
      const { url } = await mosquitto();
      const { core } = await serve(url, { qos });
      const client = await connect(url, { qos });
      const running = infer(client, delayRequest(500));
      const foreign = await foreignClient(url, "long");
      const message = encodeInferRequest({ ...requestOf("echo", Uint8Array.of(1)), id: "mine" });
      // Each of these signs comes back as three.
      const topic = `oip/v2/models/echo/infer/${"%".repeat(30_000)}/mine`;
      await foreign.publishAsync(topic, Buffer.from(joinParts(message)), { qos: 1 });
      await until(() => core.seen.includes("mine"));
      expect((await running).modelName).toBe("delay");
      const next = requestOf("echo", Uint8Array.of(1));
      expect((await infer(client, next)).id).toBe(next.id);
    },
  );

  it("a request that it has nobody for is UNAVAILABLE at once (MQTT 5, QoS 1)", async () => {
    const qos = 1;
    const { url } = await mosquitto();
    // A server that has died without a will: somebody else keeps its word alive.
    const { server } = await serve(url, { qos });
    const words = await foreignClient(url, "words");
    const client = await connect(url, { qos });
    await server.close();
    await words.publishAsync("oip/v2/models/echo", '{"name":"echo"}', { qos: 1, retain: true });
    await words.publishAsync("oip/v2/servers/wirebench/status", '{"live":true,"ready":true}', {
      qos: 1,
      retain: true,
    });
    const nobody = /nobody behind the MQTT broker \S+ has subscribed to oip\/v2\/models\/echo\/infer$/;
    await untilAnswered(async () => {
      await expect(infer(client, requestOf("echo", Uint8Array.of(1)))).rejects.toMatchObject({
        status: "UNAVAILABLE",
        message: expect.stringMatching(nobody) as string,
      });
    });
  });

  it("what its access list forbids is PERMISSION_DENIED for a request, and harms the server with no answer", async () => {
    const folder = await mkdtemp(join(tmpdir(), "wirebench-acl-"));
    release(() => rm(folder, { recursive: true }));
    // Mosquitto gives up being root before it reads its list.
    await chmod(folder, 0o755);
    const list = join(folder, "acl");
    await writeFile(
      list,
      [
        "topic readwrite oip/v2/#",
        "topic deny oip/v2/models/fail/infer",
        "topic deny secret/#",
        "topic readwrite open/#",
      ].join("\n"),
    );
    const { url } = await mosquitto(`acl_file ${list}`);
    await serve(url, { qos: 1 });
    const client = await connect(url, { qos: 1 });
    await expect(infer(client, requestOf("fail", Uint8Array.of(1)))).rejects.toMatchObject({
      status: "PERMISSION_DENIED",
      message: ONE_LINE,
    });
    const foreign = await foreignClient(url, "nosy", 5);
    foreign.publish("oip/v2/models/echo/infer", Buffer.from("rubbish"), {
      properties: { responseTopic: "secret/plans" },
    });
    const next = requestOf("echo", Uint8Array.of(1));
    expect((await infer(client, next)).id).toBe(next.id);
  });
});
