import { once } from "node:events";
import * as grpc from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import {
  type ConnectOptions,
  createMarks,
  DEFAULT_MAX_PAYLOAD_BYTES,
  type InferenceClient,
} from "../../dist/core/transport.js";
import { createGrpcStreamTransport } from "../../dist/transports/grpc/index.js";
import { inferenceService } from "../../dist/transports/grpc/service.js";
import { delayRequest, infer, patternBytes, requestOf, until } from "./conformance-bed.ts";
import { createFakeCore } from "./fake-core.ts";
import { testTransportConformance } from "./transport-conformance.ts";

testTransportConformance("grpc-stream", {
  module: "transports/grpc/index.js",
  factory: "createGrpcStreamTransport",
  encodings: ["binary"],
  // One request of a stream cannot be taken back.
  cancelReachesServer: false,
});

const CONNECT = {
  maxPayloadBytes: DEFAULT_MAX_PAYLOAD_BYTES,
  tuning: "tuned",
  encoding: "binary",
} as const satisfies ConnectOptions;
const cleanUps: (() => Promise<unknown> | undefined)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

async function connectTo(endpoint: string, options: ConnectOptions = CONNECT): Promise<InferenceClient> {
  const client = await createGrpcStreamTransport().connect(endpoint, options);
  cleanUps.push(() => client.destroy());
  return client;
}

describe("grpc-stream with our server", () => {
  async function serve(port = 0) {
    const core = createFakeCore();
    const server = await createGrpcStreamTransport().serve(core, {
      host: "127.0.0.1",
      port,
      maxPayloadBytes: DEFAULT_MAX_PAYLOAD_BYTES,
      tuning: "tuned",
    });
    cleanUps.push(() => server.close());
    return { core, server };
  }

  it("counts the answer of a request that was given up as late, and gives it to nobody", async () => {
    const { server } = await serve();
    const client = await connectTo(server.endpoint);
    const marks = createMarks();
    const slow = delayRequest(200);
    await expect(infer(client, slow, { deadlineMs: 50, marks })).rejects.toMatchObject({
      status: "DEADLINE_EXCEEDED",
    });
    expect(marks.receivedNs).toBe(0);
    const next = requestOf("echo", patternBytes(10));
    expect((await infer(client, next)).id).toBe(next.id);
    await until(() => marks.receivedNs > marks.sentNs);
  });

  it("answers the requests of one stream as they are done", async () => {
    const { server } = await serve();
    const client = await connectTo(server.endpoint);
    const order: string[] = [];
    await Promise.all(
      [150, 0, 70].map(async (delayMs) => {
        await infer(client, delayRequest(delayMs));
        order.push(String(delayMs));
      }),
    );
    expect(order).toEqual(["0", "70", "150"]);
  });

  it("refuses a second request with the id of one that is in flight", async () => {
    const { server } = await serve();
    const client = await connectTo(server.endpoint);
    const request = delayRequest(100);
    const first = infer(client, request);
    await expect(infer(client, request)).rejects.toMatchObject({ status: "ALREADY_EXISTS" });
    expect((await first).id).toBe(request.id);
  });

  it("does not hold a closing server up, and opens another stream on the next one", async () => {
    const first = await serve();
    const client = await connectTo(first.server.endpoint);
    await infer(client, delayRequest(0));
    const startMs = performance.now();
    await first.server.close();
    expect(performance.now() - startMs).toBeLessThan(2000);
    await serve(Number(new URL(first.server.endpoint).port));
    const request = delayRequest(0);
    // The library may take a moment to see that somebody listens again.
    let answer: string | undefined;
    for (let tries = 0; answer === undefined && tries < 50; tries++) {
      answer = await infer(client, { ...request, id: `again-${tries}` }).then(
        ({ id }) => id,
        () => new Promise<undefined>((resolve) => setTimeout(resolve, 100, undefined)),
      );
    }
    expect(answer).toMatch(/^again-/);
  });

  it("tells the server how long each request may take", async () => {
    const { server } = await serve();
    const client = await connectTo(server.endpoint);
    const echoed = await infer(client, requestOf("echo", patternBytes(1)), { deadlineMs: 1234.5 });
    expect(echoed.parameters).toMatchObject({ timeout: 1_234_500 });
    const own = requestOf("echo", patternBytes(1), { timeout: 7_000_000 });
    expect((await infer(client, own)).parameters).toMatchObject({ timeout: 7_000_000 });
  });

  it("says which response is the last to whom asks for it", async () => {
    const { server } = await serve();
    const client = await connectTo(server.endpoint);
    const asking = requestOf("echo", patternBytes(3), { triton_enable_empty_final_response: true });
    expect((await infer(client, asking)).parameters).toMatchObject({ triton_final_response: true });
    expect((await infer(client, requestOf("echo", patternBytes(3)))).parameters).not.toHaveProperty(
      "triton_final_response",
    );
  });
});

describe("grpc-stream with a server that is not ours", () => {
  interface Request {
    readonly id: string;
    readonly model_name: string;
    readonly parameters: Readonly<Record<string, object>>;
  }
  type Stream = grpc.ServerDuplexStream<Request, object>;

  /** Counts its streams; each request of one is handled by `onRequest`. */
  async function foreign(
    onRequest: (stream: Stream, request: Request) => void,
    isDecoupled = false,
  ): Promise<{ readonly endpoint: string; readonly streams: Stream[] }> {
    const server = new grpc.Server();
    const streams: Stream[] = [];
    const metadata = { name: "m", versions: ["1"], platform: "p", inputs: [], outputs: [] };
    server.addService(inferenceService() as unknown as grpc.ServiceDefinition, {
      ModelStreamInfer: (stream: Stream) => {
        streams.push(stream);
        stream.on("data", (request: Request) => onRequest(stream, request));
        stream.on("end", () => stream.end());
        stream.on("error", () => undefined);
      },
      ModelMetadata: (_call: unknown, answer: (error: null, value: object) => void) => answer(null, metadata),
      ModelConfig: (_call: unknown, answer: (error: null, value: object) => void) =>
        answer(null, { config: { name: "m", model_transaction_policy: { decoupled: isDecoupled } } }),
    });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    cleanUps.push(() => {
      server.forceShutdown();
      return undefined;
    });
    return { endpoint: `grpc+stream://127.0.0.1:${port}`, streams };
  }
  const answerOf = (id: string, bytes: readonly number[], parameters: object = {}) => ({
    infer_response: {
      model_name: "m",
      id,
      parameters,
      outputs: bytes.length === 0 ? [] : [{ name: "y", datatype: "UINT8", shape: [bytes.length] }],
      raw_output_contents: bytes.length === 0 ? [] : [Buffer.from(bytes)],
    },
  });
  const FINAL = { triton_final_response: { bool_param: true } };
  const NOT_FINAL = { triton_final_response: { bool_param: false } };

  it("sends all through one stream, and fails what is in flight with UNAVAILABLE when it breaks", async () => {
    const { endpoint, streams } = await foreign((stream, { id }) => {
      if (id === "break") stream.emit("error", { code: grpc.status.INTERNAL, details: "out of luck" });
      else if (id !== "wait") stream.write(answerOf(id, [1]));
    });
    const client = await connectTo(endpoint);
    const request = (id: string) => ({ ...requestOf("m", Uint8Array.of(1)), id });
    await infer(client, request("a"));
    await infer(client, request("b"));
    expect(streams).toHaveLength(1);
    const failed = ["wait", "break"].map((id) => infer(client, request(id)));
    for (const answer of failed) {
      await expect(answer).rejects.toMatchObject({
        status: "UNAVAILABLE",
        message: "the stream broke: out of luck",
      });
    }
    expect((await infer(client, request("c"))).id).toBe("c");
    expect(streams).toHaveLength(2);
    // Alone it is known whose failure it is.
    await expect(infer(client, request("break"))).rejects.toMatchObject({
      status: "INTERNAL",
      message: "out of luck",
    });
  });

  it("fails with UNAVAILABLE when the server ends the stream before it has answered", async () => {
    const { endpoint } = await foreign((stream) => stream.end());
    const client = await connectTo(endpoint);
    await expect(infer(client, requestOf("m", Uint8Array.of(1)))).rejects.toMatchObject({
      status: "UNAVAILABLE",
      message: "the server ended the stream",
    });
  });

  it("takes a failure by its id, and without one only where it can be meant for one request", async () => {
    const { endpoint, streams } = await foreign((stream, { id }) => {
      if (id === "wait") return;
      const unknown = id.startsWith("nameless");
      stream.write({
        error_message: `no ${id}`,
        infer_response: { id: unknown ? "<id_unknown>" : id },
      });
    });
    const client = await connectTo(endpoint);
    const request = (id: string) => ({ ...requestOf("m", Uint8Array.of(1)), id });
    await expect(infer(client, request("nameless"))).rejects.toMatchObject({
      status: "UNKNOWN",
      message: "no nameless",
    });
    const waiting = infer(client, request("wait"));
    waiting.catch(() => undefined);
    await expect(infer(client, request("named"))).rejects.toMatchObject({ message: "no named" });
    await expect(infer(client, request("nameless2"))).rejects.toMatchObject({
      status: "UNAVAILABLE",
      message: "the stream broke: no nameless2",
    });
    await expect(waiting).rejects.toMatchObject({ status: "UNAVAILABLE" });
    expect(streams).toHaveLength(1);
  });

  it("waits for the last response of a decoupled model, and keeps the last that has outputs", async () => {
    const asked: unknown[] = [];
    const { endpoint } = await foreign((stream, { id, parameters }) => {
      asked.push(parameters["triton_enable_empty_final_response"]);
      stream.write(answerOf(id, [1], NOT_FINAL));
      stream.write(answerOf(id, [2], NOT_FINAL));
      setTimeout(() => stream.write(answerOf(id, [], FINAL)), 50);
    }, true);
    const client = await connectTo(endpoint);
    await client.modelMetadata("m");
    const startMs = performance.now();
    const response = await infer(client, requestOf("m", Uint8Array.of(1)));
    expect(performance.now() - startMs).toBeGreaterThan(40);
    expect([...(response.outputs[0]?.data ?? [])]).toEqual([2]);
    expect(asked).toEqual([expect.objectContaining({ bool_param: true })]);
  });

  it("asks a model that is not decoupled for nothing, and takes its first response", async () => {
    const asked: unknown[] = [];
    const { endpoint } = await foreign((stream, { id, parameters }) => {
      asked.push(Object.keys(parameters));
      stream.write(answerOf(id, [7], NOT_FINAL));
      stream.write(answerOf(id, [8], FINAL));
    });
    const client = await connectTo(endpoint);
    await client.modelMetadata("m");
    const response = await infer(client, requestOf("m", Uint8Array.of(1)));
    expect([...(response.outputs[0]?.data ?? [])]).toEqual([7]);
    expect(asked).toEqual([["timeout"]]);
  });

  it("cancels the stream when it is closed, though the server still works on what was given up", async () => {
    const { endpoint, streams } = await foreign(() => undefined);
    const client = await connectTo(endpoint);
    await expect(infer(client, requestOf("m", Uint8Array.of(1)), { deadlineMs: 30 })).rejects.toMatchObject({
      status: "DEADLINE_EXCEEDED",
    });
    const [stream] = streams;
    if (stream === undefined) throw new Error("no stream came");
    const cancelled = once(stream, "cancelled");
    await client.close();
    await cancelled;
  });
});
