import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { service as healthService } from "grpc-health-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeStatistics } from "../../dist/core/oip/statistics.js";
import { readServerTiming } from "../../dist/core/parameters.js";
import {
  createMarks,
  DEFAULT_MAX_PAYLOAD_BYTES,
  type InferenceServer,
  type Tuning,
} from "../../dist/core/transport.js";
import { createGrpcTransport } from "../../dist/transports/grpc/index.js";
import { infer, patternBytes, requestOf, until } from "./conformance-bed.ts";
import { CONFIGURATION, createFakeCore, STATISTICS } from "./fake-core.ts";

/** The library's own codecs, as an off-the-shelf client or server would use them. */
const SERVICE = loadSync(fileURLToPath(new URL("../../proto/inference.proto", import.meta.url)), {
  keepCase: true,
  longs: Number,
  defaults: true,
})["inference.GRPCInferenceService"] as unknown as Record<string, grpc.MethodDefinition<object, object>>;

/** Triton's numbers. */
const TYPE_UINT8 = 2;
const TYPE_STRING = 13;
const KIND_CPU = 2;

const transport = createGrpcTransport();
const limits = { maxPayloadBytes: DEFAULT_MAX_PAYLOAD_BYTES } as const;
const core = createFakeCore();
const serve = (tuning: Tuning): Promise<InferenceServer> =>
  transport.serve(core, { host: "127.0.0.1", port: 0, tuning, ...limits });

function methodOf(name: string): grpc.MethodDefinition<object, object> {
  const method = SERVICE[name];
  if (method === undefined) throw new Error(`no method ${name}`);
  return method;
}

describe("a foreign client of our server", () => {
  let server: InferenceServer;
  const clients: grpc.Client[] = [];

  const connect = (options: grpc.ClientOptions = {}): grpc.Client => {
    const client = new grpc.Client(
      server.endpoint.slice("grpc://".length),
      grpc.credentials.createInsecure(),
      options,
    );
    clients.push(client);
    return client;
  };
  const call = (client: grpc.Client, name: string, request: object): Promise<object> => {
    const { path, requestSerialize, responseDeserialize } = methodOf(name);
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, answer) => {
        if (error !== null) reject(error);
        else resolve(answer ?? {});
      });
    });
  };

  beforeEach(async () => {
    server = await serve("tuned");
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await server.close();
  });

  it("calls the small methods", async () => {
    const client = connect();
    expect(await call(client, "ServerLive", {})).toEqual({ live: true });
    expect(await call(client, "ServerReady", {})).toEqual({ ready: true });
    expect(await call(client, "ModelReady", { name: "echo" })).toEqual({ ready: true });
    expect(await call(client, "ModelReady", { name: "nobody" })).toEqual({ ready: false });
    await expect(call(client, "ModelMetadata", { name: "nobody" })).rejects.toMatchObject({
      code: grpc.status.NOT_FOUND,
      details: "unknown model 'nobody'",
    });
    expect(await call(client, "ModelMetadata", { name: "echo" })).toMatchObject({
      name: "echo",
      inputs: [{ name: "input", datatype: "UINT8", shape: [-1, -1] }],
    });
  });

  it("is told how a model is served, and its counters", async () => {
    const client = connect();
    const { config } = (await call(client, "ModelConfig", { name: "echo" })) as { config: object };
    expect(config).toMatchObject({
      ...CONFIGURATION,
      input: [{ ...CONFIGURATION.input[0], data_type: TYPE_UINT8 }],
      output: [{ ...CONFIGURATION.output[0], data_type: TYPE_STRING }],
      instance_group: [{ name: "echo_0", kind: KIND_CPU, count: 2 }],
    });
    const expected = writeStatistics([STATISTICS]).model_stats as {
      readonly memory_usage: unknown;
      readonly response_stats: unknown;
    }[];
    for (const name of ["echo", ""]) {
      const { model_stats } = (await call(client, "ModelStatistics", { name })) as { model_stats: object[] };
      expect(model_stats).toMatchObject(
        expected.map(({ memory_usage: _, response_stats: __, ...model }) => model),
      );
    }
    for (const method of ["ModelConfig", "ModelStatistics"]) {
      await expect(call(client, method, { name: "nobody" })).rejects.toMatchObject({
        code: grpc.status.NOT_FOUND,
      });
    }
  });

  it("may send typed contents, and gets raw ones", async () => {
    const request = {
      model_name: "echo",
      id: "typed",
      inputs: [{ name: "x", datatype: "FP32", shape: [2], contents: { fp32_contents: [1, -2.5] } }],
    };
    expect(await call(connect(), "ModelInfer", request)).toMatchObject({
      id: "typed",
      raw_output_contents: [Buffer.from("0000803f000020c0", "hex")],
    });
  });

  describe("on a stream", () => {
    interface Answer {
      readonly error_message: string;
      readonly infer_response: { readonly id: string; readonly raw_output_contents: readonly Buffer[] };
    }
    const open = (metadata = new grpc.Metadata()) => {
      const { path, requestSerialize, responseDeserialize } = methodOf("ModelStreamInfer");
      const stream = connect().makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
      const answers: Answer[] = [];
      stream.on("data", (answer: Answer) => answers.push(answer));
      const ended = new Promise<void>((resolve, reject) => {
        stream.on("end", resolve);
        stream.on("error", reject);
      });
      return { stream, answers, ended };
    };
    const request = (modelName: string, id: string, parameters: object = {}) => ({
      model_name: modelName,
      id,
      parameters,
      inputs: [{ name: "x", datatype: "UINT8", shape: [id.length] }],
      raw_input_contents: [Buffer.from(id)],
    });

    it("gets every answer with its id as it is done, failures too, and the stream's end after the last", async () => {
      const { stream, answers, ended } = open();
      stream.write(request("delay", "s", { wirebench_delay_us: { int64_param: 200_000 } }));
      stream.write(request("nobody", "n"));
      stream.write(request("echo", "e"));
      stream.end();
      await ended;
      expect(
        answers.map(
          ({
            error_message,
            infer_response: {
              id,
              raw_output_contents: [bytes],
            },
          }) => [id, error_message, bytes?.toString()],
        ),
      ).toEqual([
        ["n", "unknown model 'nobody'", undefined],
        ["e", "", "e"],
        ["s", "", "\u0001"],
      ]);
    });

    it("is ended by the first failure where it asks for real statuses", async () => {
      const metadata = new grpc.Metadata();
      metadata.set("triton_grpc_error", "true");
      const { stream, answers, ended } = open(metadata);
      stream.write(request("nobody", "n"));
      await expect(ended).rejects.toMatchObject({
        code: grpc.status.NOT_FOUND,
        details: "unknown model 'nobody'",
      });
      expect(answers).toEqual([]);
    });

    it("tells the core when it is cancelled", async () => {
      const { stream, ended } = open();
      stream.write(request("delay", "cancel-stream", { wirebench_delay_us: { int64_param: 5_000_000 } }));
      await until(() => core.seen.includes("cancel-stream"));
      stream.cancel();
      await expect(ended).rejects.toMatchObject({ code: grpc.status.CANCELLED });
      await until(() => core.aborted.includes("cancel-stream"));
    });
  });

  it("finds the server healthy, and the services by reflection", async () => {
    const check = healthService["Check"] as unknown as grpc.MethodDefinition<object, object>;
    const ask = (service: string) =>
      new Promise((resolve, reject) => {
        connect().makeUnaryRequest(
          check.path,
          check.requestSerialize,
          check.responseDeserialize,
          { service },
          (error, answer) => (error === null ? resolve(answer) : reject(error)),
        );
      });
    expect(await ask("")).toMatchObject({ status: "SERVING" });
    expect(await ask("inference.GRPCInferenceService")).toMatchObject({ status: "SERVING" });
    await expect(ask("nobody")).rejects.toMatchObject({ code: grpc.status.NOT_FOUND });
    const reflection = connect().makeBidiStreamRequest(
      "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
      // ServerReflectionRequest.list_services = ""
      () => Buffer.of(0x3a, 0x00),
      (bytes) => bytes.toString("latin1"),
    );
    reflection.write({});
    reflection.end();
    const texts: string[] = [];
    for await (const text of reflection) texts.push(String(text));
    expect(texts.join()).toContain("inference.GRPCInferenceService");
  });

  describe("asked for its health", () => {
    let isReady = true;
    let own: InferenceServer;
    const method = (name: string) =>
      (healthService as unknown as Readonly<Record<string, grpc.MethodDefinition<object, object>>>)[name]!;
    const connectTo = ({ endpoint }: InferenceServer): grpc.Client => {
      const client = new grpc.Client(endpoint.slice("grpc://".length), grpc.credentials.createInsecure());
      clients.push(client);
      return client;
    };
    const watch = (service: string) => {
      const { path, requestSerialize, responseDeserialize } = method("Watch");
      const told: unknown[] = [];
      const call = connectTo(own).makeServerStreamRequest(path, requestSerialize, responseDeserialize, {
        service,
      });
      call.on("data", (answer: { readonly status: unknown }) => told.push(answer.status));
      call.on("error", () => undefined);
      return {
        told,
        ended: new Promise<number>((resolve) => call.on("status", ({ code }) => resolve(code))),
      };
    };
    const ask = (name: string, request: object) => {
      const { path, requestSerialize, responseDeserialize } = method(name);
      return new Promise((resolve, reject) => {
        connectTo(own).makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          request,
          (error, answer) => (error === null ? resolve(answer) : reject(error)),
        );
      });
    };
    beforeEach(async () => {
      isReady = true;
      own = await transport.serve(
        { ...core, isReady: () => isReady },
        { host: "127.0.0.1", port: 0, tuning: "defaults", ...limits },
      );
    });
    afterEach(() => own.close());

    it("says whether the core is ready", async () => {
      expect(await ask("Check", { service: "" })).toMatchObject({ status: "SERVING" });
      isReady = false;
      expect(await ask("Check", { service: "" })).toMatchObject({ status: "NOT_SERVING" });
      expect(await ask("List", {})).toMatchObject({
        statuses: {
          "": { status: "NOT_SERVING" },
          "inference.GRPCInferenceService": { status: "NOT_SERVING" },
        },
      });
      isReady = true;
      await own.drain?.();
      expect(await ask("Check", { service: "" })).toMatchObject({ status: "NOT_SERVING" });
    });

    it("tells those who watch when that changes, once each time", async () => {
      const { told } = watch("");
      const unknown = watch("nobody");
      await until(() => told.length === 1 && unknown.told.length === 1);
      isReady = false;
      await until(() => told.length === 2);
      isReady = true;
      await until(() => told.length === 3);
      expect(told).toEqual(["SERVING", "NOT_SERVING", "SERVING"]);
      expect(unknown.told).toEqual(["SERVICE_UNKNOWN"]);
    });

    it("does not wait for those who watch when it closes", async () => {
      const { told, ended } = watch("");
      await until(() => told.length === 1);
      const startMs = performance.now();
      await own.close();
      expect(performance.now() - startMs).toBeLessThan(2_000);
      expect(await ended).toBe(grpc.status.OK);
      expect(told).toEqual(["SERVING", "NOT_SERVING"]);
    });
  });

  it("is announced by an address that can be connected to", async () => {
    const wide = await transport.serve(core, { host: "0.0.0.0", port: 0, tuning: "defaults", ...limits });
    await wide.close();
    expect(wide.endpoint).toMatch(/^grpc:\/\/127\.0\.0\.1:\d+$/);
  });

  it("may compress", async () => {
    const data = Buffer.from(patternBytes(100_000));
    const request = {
      model_name: "echo",
      inputs: [{ name: "x", datatype: "UINT8", shape: [data.byteLength] }],
      raw_input_contents: [data],
    };
    const client = connect({ "grpc.default_compression_algorithm": 2 });
    const answer = (await call(client, "ModelInfer", request)) as { raw_output_contents: Buffer[] };
    expect(answer.raw_output_contents[0]?.equals(Buffer.from(patternBytes(100_000)))).toBe(true);
  });

  it("is told what is wrong with its message: INVALID_ARGUMENT", async () => {
    const both = {
      model_name: "echo",
      inputs: [{ name: "x", datatype: "UINT8", shape: [1], contents: { uint_contents: [1] } }],
      raw_input_contents: [Buffer.of(1)],
    };
    await expect(call(connect(), "ModelInfer", both)).rejects.toMatchObject({
      code: grpc.status.INVALID_ARGUMENT,
      details: "contents field must not be specified when using raw_input_contents for 'x' for model 'echo'",
    });
    const { path, responseDeserialize } = methodOf("ModelInfer");
    const garbage = new Promise((resolve, reject) => {
      const bytes = Buffer.of(0x0a, 0xff);
      connect().makeUnaryRequest(
        path,
        () => bytes,
        responseDeserialize,
        {},
        (error, answer) => {
          if (error !== null) reject(error);
          else resolve(answer);
        },
      );
    });
    await expect(garbage).rejects.toMatchObject({
      code: grpc.status.INVALID_ARGUMENT,
      details: expect.stringMatching(/^malformed protobuf message/) as string,
    });
  });
});

describe("our client of a foreign server", () => {
  it("takes typed contents, and misses no timing", async () => {
    const server = new grpc.Server();
    server.addService(SERVICE as grpc.ServiceDefinition, {
      ModelInfer: ((call, callback) => {
        const { id } = call.request as { id: string };
        const contents = { int64_contents: [-1] };
        callback(null, {
          model_name: "m",
          id,
          outputs: [{ name: "y", datatype: "INT64", shape: [1], contents }],
        });
      }) satisfies grpc.handleUnaryCall<object, object>,
    });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    const client = await transport.connect(`grpc://127.0.0.1:${port}`, {
      tuning: "tuned",
      encoding: "binary",
      ...limits,
    });
    try {
      const response = await infer(client, requestOf("m", Uint8Array.of(1)));
      expect(Buffer.from(response.outputs[0]?.data ?? []).toString("hex")).toBe("ffffffffffffffff");
      expect(readServerTiming(response.parameters)).toBeUndefined();
      await expect(client.serverMetadata()).rejects.toMatchObject({ status: "UNIMPLEMENTED" });
    } finally {
      await client.destroy();
      server.forceShutdown();
    }
  });
});

describe("connections", () => {
  it.each([
    ["tuned", "defaults"],
    ["defaults", "tuned"],
  ] as const)("a %s server and a %s client understand each other", async (atServer, atClient) => {
    const server = await serve(atServer);
    const client = await transport.connect(server.endpoint, {
      tuning: atClient,
      encoding: "binary",
      ...limits,
    });
    try {
      const marks = createMarks();
      const response = await infer(client, requestOf("echo", patternBytes(500_000)), { marks });
      expect(Buffer.compare(response.outputs[0]?.data ?? new Uint8Array(), patternBytes(500_000))).toBe(0);
    } finally {
      await client.destroy();
      await server.close();
    }
  });

  it("each client has a TCP connection of its own", async () => {
    let sockets = 0;
    const count = (): void => {
      sockets += 1;
    };
    const server = await serve("tuned");
    subscribe("net.client.socket", count);
    const connect = () =>
      transport.connect(server.endpoint, { tuning: "tuned", encoding: "binary", ...limits });
    const clients = await Promise.all([connect(), connect(), connect()]);
    try {
      for (const client of clients) await infer(client, requestOf("echo", Uint8Array.of(1)));
      expect(sockets).toBe(3);
    } finally {
      unsubscribe("net.client.socket", count);
      for (const client of clients) await client.destroy();
      await server.close();
    }
  });

  it("the server says whether its windows were widened", async () => {
    const tuned = await serve("tuned");
    const plain = await serve("defaults");
    expect(tuned.notes.join()).toContain("windows of 16777216 bytes");
    expect(plain.notes).toEqual([]);
    await tuned.close();
    await plain.close();
  });
});
