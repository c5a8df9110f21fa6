import type { MqttClient } from "mqtt";
import { beforeEach, describe, expect, it } from "vitest";
import { decodeInferResponse, encodeInferRequest, joinParts } from "../../dist/core/oip/protobuf.js";
import { requestOf, startProcess } from "./conformance-bed.ts";
import { runProgram, startProgram } from "./mosquitto-clients.ts";
import { hasMosquitto, hasMosquittoClients, type MosquittoProcess } from "./mosquitto-process.ts";
import { createMqttBed, maxPayloadBytes, nextMessage, transport } from "./mqtt-bed.ts";

const bed = createMqttBed();

const echo = (bytes: Uint8Array, id = "1"): Buffer =>
  Buffer.from(joinParts(encodeInferRequest({ ...requestOf("echo", bytes), id })));

const MISSING =
  hasMosquitto() && hasMosquittoClients() ? "" : " (apt-get install mosquitto mosquitto-clients)";

describe.skipIf(MISSING !== "")(`clients that know nothing of wirebench, through Mosquitto${MISSING}`, () => {
  let broker: MosquittoProcess;
  let core: Awaited<ReturnType<typeof bed.serve>>["core"];
  let client: MqttClient;
  beforeEach(async () => {
    broker = await bed.mosquitto();
    ({ core } = await bed.serve(broker.url));
    client = await bed.foreignClient(broker.url, "somebody", 5);
    await client.subscribeAsync("factory/7/answers/#");
  });

  const ask = async (properties: object, payload = echo(Uint8Array.of(9)), options: object = {}) => {
    const answered = nextMessage(client);
    client.publish("oip/v2/models/echo/infer", payload, {
      properties: { responseTopic: "factory/7/answers/a", ...properties },
      ...options,
    });
    return answered;
  };

  it("are answered on a topic of their own, with their correlation data unchanged", async () => {
    const correlationData = Buffer.from([0, 255, 0xc3, 0x28, 7, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    const { topic, payload, properties } = await ask({ correlationData });
    expect(topic).toBe("factory/7/answers/a");
    expect(properties).toMatchObject({
      contentType: "application/x-protobuf; messageType=inference.ModelInferResponse",
    });
    expect(properties["correlationData"]).toEqual(correlationData);
    const response = decodeInferResponse(payload);
    expect(response.id).toBe("1");
    expect([...(response.outputs[0]?.data ?? [])]).toEqual([9]);
  });

  it("need no correlation data", async () => {
    const { payload, properties } = await ask({});
    expect(properties["correlationData"]).toBeUndefined();
    expect(decodeInferResponse(payload).id).toBe("1");
  });

  it.each(["application/x-protobuf", "application/octet-stream", "APPLICATION/protobuf; v=1"])(
    "may call the message %s",
    async (contentType) => {
      const { payload } = await ask({ contentType });
      expect(decodeInferResponse(payload).parameters?.["wirebench_status"]).toBeUndefined();
    },
  );

  it("are told what is wrong: another content type, a message that is none", async () => {
    const { payload } = await ask({ contentType: "application/json" }, Buffer.from("{}"));
    expect(decodeInferResponse(payload).parameters).toMatchObject({
      wirebench_status: "INVALID_ARGUMENT",
      wirebench_message:
        "expected the content type 'application/x-protobuf; messageType=inference.ModelInferRequest', got 'application/json'",
    });
    const { payload: none } = await ask({}, Buffer.from("rubbish"));
    expect(decodeInferResponse(none).parameters).toMatchObject({ wirebench_status: "INVALID_ARGUMENT" });
  });

  it("get an answer that expires no later than the question", async () => {
    const { properties } = await ask({ messageExpiryInterval: 60 });
    expect(properties["messageExpiryInterval"]).toBeGreaterThan(0);
    expect(properties["messageExpiryInterval"]).toBeLessThanOrEqual(60);
  });

  it("get no answer after their question has expired", async () => {
    const request = {
      ...requestOf("delay", Uint8Array.of(1), { wirebench_delay_us: 5_000_000 }),
      id: "late",
    };
    const answered = nextMessage(client);
    client.publish("oip/v2/models/delay/infer", Buffer.from(joinParts(encodeInferRequest(request))), {
      properties: { responseTopic: "factory/7/answers/a", messageExpiryInterval: 1 },
    });
    const { payload } = await answered;
    expect(decodeInferResponse(payload).parameters).toMatchObject({
      wirebench_status: "DEADLINE_EXCEEDED",
      wirebench_message: "the message expired after 1 s",
    });
    expect(core.aborted).toEqual(["late"]);
  });

  it.each([
    "oip/v2/models/echo/infer",
    "oip/v2/models/echo",
    "oip/v2/servers/wirebench/status",
    "/vehicle_camera",
    "$SYS/broker/uptime",
  ])("may not name %s for their answers: such a request is not even run", async (responseTopic) => {
    const seen: string[] = [];
    const watcher = await bed.foreignClient(broker.url, "watcher");
    watcher.on("message", (topic, _payload, { retain }) => retain || seen.push(topic));
    await watcher.subscribeAsync([responseTopic]);
    client.publish("oip/v2/models/echo/infer", echo(Uint8Array.of(1), "bad"), {
      properties: { responseTopic },
    });
    // What is asked later is answered later.
    await ask({}, echo(Uint8Array.of(2), "good"));
    expect(core.seen).toEqual(["good"]);
    expect(seen.filter((topic) => topic !== "oip/v2/models/echo/infer")).toEqual([]);
  });

  it("that retain a request are answered once, not again by every server that comes", async () => {
    await ask({}, echo(Uint8Array.of(1)), { retain: true, qos: 1 });
    const second = await bed.serve(broker.url, { serverId: "second" });
    await ask({}, echo(Uint8Array.of(2), "2"));
    expect(second.core.seen).toEqual(["2"]);
  });

  it("mosquitto_rr asks and prints the answer", async () => {
    // Its version 2.0 sends nothing but `-m`: here a message whose every byte is a character.
    const message = echo(Buffer.from("twelve bytes"), "rr").toString("latin1");
    const printed = await runProgram("mosquitto_rr", broker.port, [
      ...["-t", "oip/v2/models/echo/infer", "-e", "factory/7/rr", "-m", message, "-N", "-W", "10"],
      ...["-D", "publish", "content-type", "application/x-protobuf"],
      ...["-D", "publish", "correlation-data", "any"],
      ...["-D", "publish", "message-expiry-interval", "10"],
    ]);
    const response = decodeInferResponse(printed);
    expect(response.parameters?.["wirebench_message"]).toBeUndefined();
    expect(response.id).toBe("rr");
    expect(Buffer.from(response.outputs[0]?.data ?? []).toString()).toBe("twelve bytes");
  });

  it("mosquitto_sub reads the retained status, metadata, and the will of a killed server", async () => {
    const read = (topic: string, ...more: string[]): Promise<Buffer> =>
      runProgram("mosquitto_sub", broker.port, ["-t", topic, "-C", "1", "-W", "10", "-N", ...more]);
    expect((await read("oip/v2/servers/wirebench/status")).toString()).toBe('{"live":true,"ready":true}');
    expect(JSON.parse((await read("oip/v2/models/echo")).toString())).toEqual(core.modelMetadata("echo"));
    expect(JSON.parse((await read("oip/v2/servers/wirebench", "-V", "mqttv311")).toString())).toEqual(
      core.serverMetadata(),
    );
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
        mqtt: { brokerUrl: broker.url, qos: 0, serverId: "mortal" },
      },
      connectOptions: { maxPayloadBytes, tuning: "tuned", encoding: "binary" },
    });
    const watching = startProgram("mosquitto_sub", broker.port, [
      ...["-t", "oip/v2/servers/mortal/status", "-C", "2", "-W", "10"],
    ]);
    expect((await read("oip/v2/servers/mortal/status")).toString()).toBe('{"live":true,"ready":true}');
    child.kill();
    await child.exited;
    expect((await watching.ended).stdout.toString().trim().split("\n").at(-1)).toBe(
      '{"live":false,"ready":false}',
    );
    expect((await read("oip/v2/servers/mortal/status")).toString()).toBe('{"live":false,"ready":false}');
  });
});
