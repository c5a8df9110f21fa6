import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeInferRequest, type WireMessage, writeParts } from "../../dist/core/oip/protobuf.js";
import { packBytes, splitBytes, type Tensor } from "../../dist/core/tensor.js";
import { DEFAULT_MAX_PAYLOAD_BYTES, type InferenceServer } from "../../dist/core/transport.js";
import { createEngine, type Engine } from "../../dist/serving/engine.js";
import { createGrpcTransport } from "../../dist/transports/grpc/index.js";
import { BROKEN, createFakeCore, type FakeCore } from "./fake-core.ts";

/** The library's own codecs, as an off-the-shelf client would use them. */
const SERVICE = loadSync(fileURLToPath(new URL("../../proto/inference.proto", import.meta.url)), {
  keepCase: true,
  longs: Number,
  defaults: true,
})["inference.GRPCInferenceService"] as unknown as Record<string, grpc.MethodDefinition<object, object>>;

const serve = (core: FakeCore | Engine): Promise<InferenceServer> =>
  createGrpcTransport().serve(core, {
    host: "127.0.0.1",
    port: 0,
    tuning: "defaults",
    maxPayloadBytes: DEFAULT_MAX_PAYLOAD_BYTES,
  });

function caller(server: InferenceServer) {
  const credentials = grpc.credentials.createInsecure();
  const client = new grpc.Client(server.endpoint.slice("grpc://".length), credentials);
  const call = (name: string, request: object | Buffer): Promise<object> => {
    const { path, requestSerialize, responseDeserialize } = SERVICE[name]!;
    const serialize = (message: object): Buffer =>
      Buffer.isBuffer(message) ? message : requestSerialize(message);
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, serialize, responseDeserialize, request, (error, answer) => {
        if (error !== null) reject(error);
        else resolve(answer ?? {});
      });
    });
  };
  return { call, close: () => client.close() };
}

function bufferOf(message: WireMessage): Buffer {
  const buffer = Buffer.alloc(message.byteLength);
  writeParts(message, buffer, 0);
  return buffer;
}

describe("the repository's calls", () => {
  let server: InferenceServer;
  let client: ReturnType<typeof caller>;
  beforeAll(async () => {
    server = await serve(createFakeCore());
    client = caller(server);
  });
  afterAll(async () => {
    client.close();
    await server.close();
  });
  const index = async (request: object = {}): Promise<readonly object[]> =>
    ((await client.call("RepositoryIndex", request)) as { models?: object[] }).models ?? [];
  const failed = (code: grpc.status, details: string) => expect.objectContaining({ code, details });

  it("list every model with its state, or those that are ready", async () => {
    expect(await index()).toEqual([
      ...["delay", "echo", "fail", "grow"].map((name) => ({
        name,
        version: "1",
        state: "READY",
        reason: "",
      })),
      { name: "spare", version: "1", state: "", reason: "" },
      { name: "broken", version: "1", state: "", reason: "" },
    ]);
    expect(await index({ ready: true })).toHaveLength(4);
  });

  it("load and unload", async () => {
    const infer = () =>
      client.call("ModelInfer", {
        model_name: "spare",
        inputs: [{ name: "x", datatype: "UINT8", shape: [1] }],
        raw_input_contents: [Buffer.of(7)],
      });
    const unavailable = failed(
      grpc.status.NOT_FOUND,
      "Request for unknown model: 'spare' has no available versions",
    );
    await expect(infer()).rejects.toEqual(unavailable);
    expect(await client.call("RepositoryModelLoad", { model_name: "spare" })).toEqual({});
    expect(await infer()).toMatchObject({ model_name: "spare", raw_output_contents: [Buffer.of(7)] });
    const parameters = { unload_dependents: { bool_param: true } };
    expect(await client.call("RepositoryModelUnload", { model_name: "spare", parameters })).toEqual({});
    await expect(infer()).rejects.toEqual(unavailable);
    expect(await client.call("ModelReady", { name: "spare" })).toEqual({ ready: false });
    expect(await index()).toContainEqual({
      name: "spare",
      version: "1",
      state: "UNAVAILABLE",
      reason: "unloaded",
    });
  });

  it("say why a load failed, and which model there is not", async () => {
    await expect(client.call("RepositoryModelLoad", { model_name: "broken" })).rejects.toEqual(
      failed(grpc.status.INVALID_ARGUMENT, BROKEN),
    );
    expect(await index()).toContainEqual({
      name: "broken",
      version: "1",
      state: "UNAVAILABLE",
      reason: BROKEN,
    });
    for (const name of ["RepositoryModelLoad", "RepositoryModelUnload"]) {
      await expect(client.call(name, { model_name: "nobody" })).rejects.toEqual(
        failed(grpc.status.NOT_FOUND, "unknown model 'nobody'"),
      );
    }
  });

  it("refuse what they cannot do: another repository, a configuration of the caller's", async () => {
    for (const name of ["RepositoryIndex", "RepositoryModelLoad", "RepositoryModelUnload"]) {
      await expect(client.call(name, { repository_name: "r", model_name: "echo" })).rejects.toEqual(
        failed(grpc.status.UNIMPLEMENTED, "there is no repository 'r': leave out its name"),
      );
    }
    const parameters = { config: { string_param: "{}" } };
    await expect(client.call("RepositoryModelLoad", { model_name: "echo", parameters })).rejects.toEqual(
      failed(
        grpc.status.UNIMPLEMENTED,
        "the load parameter 'config' is not supported: models and their configuration come from the repository",
      ),
    );
  });

  it.each([
    ["SystemSharedMemoryStatus", {}, "system shared memory is not supported"],
    [
      "SystemSharedMemoryRegister",
      { name: "r", key: "/k", byte_size: 8 },
      "system shared memory is not supported",
    ],
    ["SystemSharedMemoryUnregister", { name: "r" }, "system shared memory is not supported"],
    ["CudaSharedMemoryStatus", {}, "CUDA shared memory is not supported"],
    ["CudaSharedMemoryRegister", { raw_handle: Buffer.of(1) }, "CUDA shared memory is not supported"],
    ["CudaSharedMemoryUnregister", {}, "CUDA shared memory is not supported"],
    ["TraceSetting", { settings: { trace_level: { value: ["OFF"] } } }, "tracing is not supported"],
    ["LogSettings", { settings: { log_info: { bool_param: true } } }, "changing the log is not supported"],
  ])("%s is UNIMPLEMENTED", async (name, request, details) => {
    await expect(client.call(name, request)).rejects.toEqual(failed(grpc.status.UNIMPLEMENTED, details));
  });
});

describe("contents", () => {
  let server: InferenceServer;
  let client: ReturnType<typeof caller>;
  beforeAll(async () => {
    server = await serve(createFakeCore());
    client = caller(server);
  });
  afterAll(async () => {
    client.close();
    await server.close();
  });
  const bytes = packBytes([Buffer.from("a"), Buffer.alloc(0), Buffer.from("öß")]);

  it.each<[Tensor["datatype"], readonly number[], Uint8Array]>([
    ["FP16", [2], Uint8Array.of(0, 0x3c, 0, 0xc1)],
    ["BF16", [1], Uint8Array.of(0x80, 0x3f)],
    ["BOOL", [3], Uint8Array.of(1, 0, 1)],
    ["BYTES", [3], bytes],
    ["BYTES", [0], new Uint8Array(0)],
  ])("raw %s %j come back as they went", async (datatype, shape, data) => {
    const tensor: Tensor = { name: "x", datatype, shape, data };
    const request = encodeInferRequest({ modelName: "echo", id: "r", inputs: [tensor] });
    expect(await client.call("ModelInfer", bufferOf(request))).toMatchObject({
      outputs: [{ name: "x", datatype, shape }],
      raw_output_contents: [Buffer.from(data)],
    });
  });

  it.each([
    ["BOOL", { bool_contents: [true, false, true] }, Uint8Array.of(1, 0, 1)],
    ["BYTES", { bytes_contents: [Buffer.from("a"), Buffer.alloc(0), Buffer.from("öß")] }, bytes],
  ])("typed %s come back raw", async (datatype, contents, data) => {
    const input = { name: "x", datatype, shape: [3], contents };
    expect(await client.call("ModelInfer", { model_name: "echo", inputs: [input] })).toMatchObject({
      outputs: [{ datatype, shape: [3] }],
      raw_output_contents: [Buffer.from(data)],
    });
  });

  it("typed FP16 there are none", async () => {
    const input = { name: "x", datatype: "FP16", shape: [1], contents: { fp32_contents: [1] } };
    await expect(client.call("ModelInfer", { model_name: "echo", inputs: [input] })).rejects.toMatchObject({
      code: grpc.status.INVALID_ARGUMENT,
      details: expect.stringMatching(/expected raw contents \(there is no typed member\) for datatype FP16/),
    });
  });
});

it("classification over gRPC, and a model that is loaded and unloaded", async () => {
  const engine = await createEngine({ models: ["null"], repositoryDir: "no-such-folder" });
  const server = await serve(engine);
  const client = caller(server);
  const request = {
    model_name: "identity",
    inputs: [{ name: "input", datatype: "UINT8", shape: [4] }],
    outputs: [{ name: "output", parameters: { classification: { int64_param: 2 } } }],
    raw_input_contents: [Buffer.of(1, 9, 3, 4)],
  };
  try {
    await client.call("RepositoryModelLoad", { model_name: "identity" });
    const answer = (await client.call("ModelInfer", request)) as {
      readonly outputs: readonly object[];
      readonly raw_output_contents: readonly Buffer[];
    };
    expect(answer.outputs).toMatchObject([{ name: "output", datatype: "BYTES", shape: [2] }]);
    const texts = splitBytes(answer.raw_output_contents[0]!).map((each) => Buffer.from(each).toString());
    expect(texts).toEqual(["9:1", "4:3"]);
    await client.call("RepositoryModelUnload", { model_name: "identity" });
    await expect(client.call("ModelInfer", request)).rejects.toMatchObject({ code: grpc.status.NOT_FOUND });
    expect(await client.call("ServerReady", {})).toEqual({ ready: true });
  } finally {
    client.close();
    await server.close();
    await engine.close();
  }
});
