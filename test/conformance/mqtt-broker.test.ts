import { describe, expect, it } from "vitest";
import { decodeInferResponse, encodeInferRequest, joinParts } from "../../dist/core/oip/protobuf.js";
import { readServerTiming } from "../../dist/core/parameters.js";
import { createMarks } from "../../dist/core/transport.js";
import { createBroker } from "../../dist/transports/mqtt/broker.js";
import { delayRequest, infer, patternBytes, requestOf, until } from "./conformance-bed.ts";
import { hasMosquitto } from "./mosquitto-process.ts";
import { createMqttBed, maxPayloadBytes, nextMessage, ONE_LINE } from "./mqtt-bed.ts";

const { broker, serve, connect, foreignClient, mosquitto } = createMqttBed();

describe("the embedded broker", () => {
  it.each([0, 1, 2] as const)("marks when requests and answers pass, QoS %i", async (qos) => {
    const { url, takeMarks } = await broker();
    await serve(url, { qos });
    const client = await connect(url, { qos });
    expect(client.protocolVersion).toBe("3.1.1");
    const sent = new Map<string, { sentNs: number; inNs: number; outNs: number; receivedNs: number }>();
    for (let i = 0; i < 5; i++) {
      const request = { ...requestOf("echo", patternBytes(100_000)), id: `${i}/#+ %` };
      const marks = createMarks();
      const { parameters } = await infer(client, request, { marks });
      const timing = readServerTiming(parameters);
      sent.set(request.id, { ...marks, inNs: timing?.inNs ?? 0, outNs: timing?.outNs ?? 0 });
    }
    const { marks, missed } = takeMarks();
    expect(missed).toBe(0);
    expect(marks.map(({ requestId }) => requestId)).toEqual([...sent.keys()]);
    for (const mark of marks) {
      const { sentNs = 0, inNs = 0, outNs = 0, receivedNs = 0 } = sent.get(mark.requestId) ?? {};
      const passed = [sentNs, mark.requestInNs, mark.requestOutNs, inNs, outNs];
      passed.push(mark.responseInNs, mark.responseOutNs, receivedNs);
      expect(passed).toEqual([...passed].sort((a, b) => a - b));
      expect(passed).not.toContain(0);
    }
    expect(takeMarks().marks).toEqual([]);
  });

  it("names the port when it is in use", async () => {
    const { port } = await broker();
    await expect(createBroker({ host: "127.0.0.1", port, maxPayloadBytes })).rejects.toMatchObject({
      status: "UNAVAILABLE",
      message: `the MQTT broker cannot listen on 127.0.0.1:${port}: the port is in use`,
    });
  });

  it.each([0, 1, 2] as const)(
    "answers a request over its limit itself, QoS %i, and the connection stays",
    async (qos) => {
      const { url } = await broker(50_000);
      const { core } = await serve(url, { qos });
      const client = await connect(url, { qos });
      const request = requestOf("echo", patternBytes(60_000));
      await expect(infer(client, request)).rejects.toMatchObject({
        status: "RESOURCE_EXHAUSTED",
        message: ONE_LINE,
      });
      const next = requestOf("echo", patternBytes(40_000));
      expect((await infer(client, next)).id).toBe(next.id);
      expect(core.seen).toEqual([next.id]);
    },
  );

  it("that goes away fails what is in flight and what comes with UNAVAILABLE, at both ends", async () => {
    const { url, close } = await broker();
    const { server, core } = await serve(url);
    const client = await connect(url);
    const request = delayRequest(10_000);
    const answer = infer(client, request);
    answer.catch(() => undefined);
    await until(() => core.seen.includes(request.id));
    await close();
    await expect(answer).rejects.toMatchObject({ status: "UNAVAILABLE", message: ONE_LINE });
    await expect(infer(client, delayRequest(0))).rejects.toMatchObject({ status: "UNAVAILABLE" });
    await until(() => core.aborted.includes(request.id));
    await server.close();
    await client.close();
  });
});

describe("a client", () => {
  it("says in one sentence that there is no broker, as a server does", async () => {
    const { url, close } = await broker();
    await close();
    const refused = {
      status: "UNAVAILABLE",
      message: `the MQTT broker ${url} cannot be reached: connect ECONNREFUSED ${url.slice(7)}`,
    };
    await expect(connect(url)).rejects.toMatchObject(refused);
    await expect(serve(url)).rejects.toMatchObject(refused);
  });

  it("goes on when a server comes back after its will", async () => {
    const { url } = await broker();
    const { server } = await serve(url);
    const client = await connect(url);
    await infer(client, delayRequest(0));
    await server.close();
    await expect(infer(client, delayRequest(0))).rejects.toMatchObject({ status: "UNAVAILABLE" });
    await serve(url);
    // The broker acknowledges the server's word before it passes it on.
    for (let answered = false; !answered; ) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      answered = await infer(client, delayRequest(0)).then(
        () => true,
        () => false,
      );
    }
  });

  it("is not disturbed by an answer that comes too late", async () => {
    const { url } = await broker();
    await serve(url);
    const client = await connect(url);
    const late = delayRequest(150);
    await expect(infer(client, late, { deadlineMs: 50 })).rejects.toMatchObject({
      status: "DEADLINE_EXCEEDED",
    });
    const next = delayRequest(250);
    expect((await infer(client, next)).id).toBe(next.id);
    expect((await infer(client, late)).id).toBe(late.id);
  });

  it("tells the server its deadline to the microsecond, unless the request has one of its own", async () => {
    const { url } = await broker();
    await serve(url);
    const client = await connect(url);
    const request = requestOf("echo", Uint8Array.of(1));
    const { parameters } = await infer(client, request, { deadlineMs: 400 });
    expect(parameters?.["timeout"]).toBeGreaterThan(300_000);
    expect(parameters?.["timeout"]).toBeLessThanOrEqual(400_000);
    const own = requestOf("echo", Uint8Array.of(1), { timeout: 5_000_000 });
    expect((await infer(client, own, { deadlineMs: 400 })).parameters).toMatchObject({ timeout: 5_000_000 });
  });

  it("marks a late answer as received, but not word that there is none", async () => {
    const { url } = await broker();
    await serve(url);
    const client = await connect(url);
    const [late, failing] = [createMarks(), createMarks()];
    await infer(client, delayRequest(80), { deadlineMs: 40, marks: late }).catch(() => undefined);
    const failure = requestOf("fail", Uint8Array.of(1), { status: "INTERNAL", message: "no" });
    const aborted = infer(client, failure, { deadlineMs: 0, marks: failing });
    await expect(aborted).rejects.toMatchObject({ status: "DEADLINE_EXCEEDED" });
    await infer(client, delayRequest(100));
    expect(late.receivedNs).toBeGreaterThan(0);
    expect(failing.sentNs).toBeGreaterThan(0);
    expect(failing.receivedNs).toBe(0);
  });

  it("refuses an id that is in flight", async () => {
    const { url } = await broker();
    await serve(url);
    const client = await connect(url);
    const request = delayRequest(100);
    const first = infer(client, request);
    await expect(infer(client, request)).rejects.toMatchObject({ status: "ALREADY_EXISTS" });
    expect((await first).id).toBe(request.id);
  });

  it("gets the metadata that the server has published", async () => {
    const { url } = await broker();
    const { core } = await serve(url);
    const client = await connect(url);
    expect(await client.serverMetadata()).toEqual(core.serverMetadata());
    expect(await client.modelMetadata("echo", "1")).toEqual(core.modelMetadata("echo"));
    await expect(client.modelMetadata("echo", "7")).rejects.toMatchObject({ status: "NOT_FOUND" });
  });
});

describe("a server", () => {
  it("answers anyone who keeps to the topics, and those who send rubbish", async () => {
    const { url } = await broker();
    await serve(url);
    const client = await foreignClient(url, "somebody");
    await client.subscribeAsync("oip/v2/clients/somebody/responses/+");
    const ask = async (id: string, payload: Uint8Array) => {
      const answered = nextMessage(client);
      client.publish(`oip/v2/models/echo/infer/somebody/${id}`, Buffer.from(payload));
      const { topic, payload: answer } = await answered;
      return { topic, response: decodeInferResponse(answer) };
    };
    const { topic, response } = await ask(
      "1",
      joinParts(encodeInferRequest({ ...requestOf("echo", Uint8Array.of(9)), id: "1" })),
    );
    expect(topic).toBe("oip/v2/clients/somebody/responses/1");
    expect([...(response.outputs[0]?.data ?? [])]).toEqual([9]);
    for (const rubbish of [
      Buffer.from("rubbish"),
      joinParts(encodeInferRequest(requestOf("delay", Uint8Array.of(9)))),
    ]) {
      const { response: failure } = await ask("2", rubbish);
      expect(failure.parameters).toMatchObject({ wirebench_status: "INVALID_ARGUMENT" });
      expect(failure.id).toBe("2");
    }
  });
});

describe.skipIf(!hasMosquitto())("through Mosquitto (apt-get install mosquitto)", () => {
  it("a server on MQTT 5 answers a client on MQTT 3.1.1", async () => {
    const { url } = await mosquitto();
    await serve(url);
    expect((await connect(url)).protocolVersion).toBe("5");
    const client = await foreignClient(url, "old");
    await client.subscribeAsync("oip/v2/clients/old/responses/+");
    const answered = nextMessage(client);
    const request = { ...requestOf("echo", Uint8Array.of(9)), id: "1" };
    client.publish("oip/v2/models/echo/infer/old/1", Buffer.from(joinParts(encodeInferRequest(request))));
    const { payload: answer } = await answered;
    expect([...(decodeInferResponse(answer).outputs[0]?.data ?? [])]).toEqual([9]);
  });
});
