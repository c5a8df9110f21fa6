import { connect as connectHttp2, constants } from "node:http2";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { describe, expect, it } from "vitest";
import type { Tensor } from "../../dist/core/tensor.js";
import type { InferenceServer, ServeOptions } from "../../dist/core/transport.js";
import { createTfsGrpcTransport } from "../../dist/transports/grpc/tfs/index.js";
import { infer, until } from "./conformance-bed.ts";
import { createFakeCore } from "./fake-core.ts";

const OPTIONS = { maxPayloadBytes: 10_000_000, tuning: "tuned" } as const;
/** A request and its answer, made with protoc-generated code. */
const G4 =
  "0a200a096d6f62696c656e6574120208031a0f73657276696e675f64656661756c74121b0a0178121608011208120208011202080222080000803f000020c0";
const G5 =
  "0a1b0a017912160801120812020801120208022a080000003f0000803e12200a096d6f62696c656e6574120208031a0f73657276696e675f64656661756c74";

/** Messages by generated code, which knows nothing of ours. */
const definition = loadSync("tensorflow_serving.proto", {
  includeDirs: [fileURLToPath(new URL("../../proto", import.meta.url))],
  keepCase: true,
  longs: Number,
  enums: String,
});
type Methods = Readonly<Record<string, grpc.MethodDefinition<object, object>>>;
const prediction = definition["tensorflow.serving.PredictionService"] as unknown as Methods;
const status = definition["tensorflow.serving.ModelService"] as unknown as Methods;

function call(
  endpoint: string,
  method: grpc.MethodDefinition<object, object>,
  request: object,
): Promise<unknown> {
  const client = new grpc.Client(endpoint.replace("tfs+grpc://", ""), grpc.credentials.createInsecure());
  return new Promise((resolve, reject) => {
    const { path, requestSerialize, responseDeserialize } = method;
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, answer) => {
      client.close();
      if (error === null) resolve(answer);
      else reject(error);
    });
  });
}

async function withServer(
  options: Partial<ServeOptions>,
  use: (server: InferenceServer) => Promise<void>,
): Promise<void> {
  const server = await createTfsGrpcTransport().serve(createFakeCore(), {
    host: "127.0.0.1",
    port: 0,
    ...OPTIONS,
    ...options,
  });
  try {
    await use(server);
  } finally {
    await server.close();
  }
}

const shape = (...sizes: number[]): object => ({ dim: sizes.map((size) => ({ size })) });
const input = { dtype: "DT_FLOAT", tensor_shape: shape(1, 2), float_val: [1, -2.5] };
const bytesOf = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const floats = Buffer.from(Float32Array.of(1, -2.5).buffer);

describe("a foreign client at our server", () => {
  it("gets float_val unless the server is set up otherwise", async () => {
    const request = { model_spec: { name: "echo" }, inputs: { x: input } };
    await withServer({}, async ({ endpoint }) => {
      expect(await call(endpoint, prediction["Predict"]!, request)).toEqual({
        outputs: { x: { dtype: "DT_FLOAT", tensor_shape: expect.anything(), float_val: [1, -2.5] } },
        model_spec: { name: "echo", version: { value: 1 }, signature_name: "serving_default" },
      });
    });
    await withServer({ tfsAnswers: "tensor_content" }, async ({ endpoint }) => {
      expect(await call(endpoint, prediction["Predict"]!, request)).toMatchObject({
        outputs: { x: { tensor_content: floats } },
      });
    });
  });

  it("is told signature and states", async () => {
    await withServer({}, async ({ endpoint }) => {
      const model_spec = { name: "echo", version: { value: 1 } };
      const metadata = await call(endpoint, prediction["GetModelMetadata"]!, {
        model_spec,
        metadata_field: ["signature_def"],
      });
      expect(metadata).toMatchObject({
        model_spec,
        metadata: { signature_def: { type_url: "type.googleapis.com/tensorflow.serving.SignatureDefMap" } },
      });
      expect(await call(endpoint, status["GetModelStatus"]!, { model_spec: { name: "echo" } })).toMatchObject(
        {
          model_version_status: [{ version: 1, state: "AVAILABLE" }],
        },
      );
    });
  });

  it.each([
    ["Predict", { model_spec: { name: "nobody" } }, 5, "Servable not found for request: Latest(nobody)"],
    ["Predict", {}, 3, "Missing ModelSpec.name"],
    [
      "Predict",
      { model_spec: { name: "echo", version: { value: 9 } } },
      5,
      "Servable not found for request: Specific(echo, 9)",
    ],
    [
      "Predict",
      { model_spec: { name: "echo", version_label: "canary" } },
      3,
      "Unrecognized servable version label: canary",
    ],
    [
      "Predict",
      { model_spec: { name: "echo", signature_name: "other" } },
      3,
      'Serving signature name: "other" not found in signature def',
    ],
    [
      "Predict",
      { model_spec: { name: "echo" }, inputs: { x: { ...input, tensor_shape: shape(1) } } },
      3,
      /^tensor parsing error: x: /,
    ],
    [
      "GetModelMetadata",
      { model_spec: { name: "echo" } },
      3,
      "GetModelMetadataRequest must specify at least one metadata_field",
    ],
    [
      "GetModelMetadata",
      { model_spec: { name: "echo" }, metadata_field: ["a"] },
      3,
      "Metadata field a is not supported",
    ],
    [
      "GetModelMetadata",
      { model_spec: { name: "x" }, metadata_field: ["signature_def"] },
      5,
      "Servable not found for request: Latest(x)",
    ],
  ])("%s of %j fails with %d", async (method, request, code, details) => {
    await withServer({}, async ({ endpoint }) => {
      await expect(call(endpoint, prediction[method]!, request)).rejects.toMatchObject({
        code,
        details: typeof details === "string" ? details : expect.stringMatching(details),
      });
    });
  });
});

describe("our client at a foreign server", () => {
  it("sends and reads the bytes that generated code does", async () => {
    const seen: string[] = [];
    const raw = { requestDeserialize: (bytes: Buffer) => bytes, responseSerialize: (bytes: Buffer) => bytes };
    const server = new grpc.Server();
    const predict: grpc.handleUnaryCall<Buffer, Buffer> = ({ request }, callback) => {
      seen.push(request.toString("hex"));
      callback(null, Buffer.from(G5, "hex"));
    };
    const service = { Predict: { ...prediction["Predict"]!, ...raw } };
    server.addService(service as unknown as grpc.ServiceDefinition, { Predict: predict });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    const options = { ...OPTIONS, encoding: "binary" } as const;
    const client = await createTfsGrpcTransport().connect(`tfs+grpc://127.0.0.1:${port}`, options);
    const tensor: Tensor = {
      name: "x",
      datatype: "FP32",
      shape: [1, 2],
      data: bytesOf(Float32Array.of(1, -2.5)),
    };
    const response = await infer(client, {
      modelName: "mobilenet",
      modelVersion: "3",
      id: "7",
      inputs: [tensor],
    });
    expect(seen).toEqual([G4]);
    expect(response).toMatchObject({
      modelName: "mobilenet",
      modelVersion: "3",
      id: "7",
      parameters: undefined,
    });
    expect(
      response.outputs.map(({ name, shape: sizes, data }) => [
        name,
        sizes,
        Buffer.from(data).toString("hex"),
      ]),
    ).toEqual([["y", [1, 2], "0000003f0000803e"]]);
    await expect(client.modelMetadata("mobilenet")).rejects.toMatchObject({ status: "UNIMPLEMENTED" });
    await client.close();
    server.forceShutdown();
  });
});

describe("limits", () => {
  /** Connections that say nothing; `closed` counts those that the server ended. */
  const silent = (endpoint: string, count: number) => {
    const { hostname, port } = new URL(endpoint.replace("tfs+grpc:", "http:"));
    let closed = 0;
    const sockets = Array.from({ length: count }, () =>
      connect(Number(port), hostname)
        .resume()
        .on("error", () => undefined)
        .on("close", () => {
          closed += 1;
        }),
    );
    return {
      closed: () => closed,
      end: () => {
        for (const socket of sockets) socket.destroy();
      },
    };
  };

  it("clients that never begin to speak are ended after the time for a request", async () => {
    await withServer({ limits: { requestTimeoutMs: 300 } }, async ({ endpoint }) => {
      const clients = silent(endpoint, 5);
      await until(() => clients.closed() === 5);
    });
  });

  it("a call whose message never comes is cancelled; the connection goes on", async () => {
    await withServer({ limits: { requestTimeoutMs: 300 } }, async ({ endpoint }) => {
      const session = connectHttp2(endpoint.replace("tfs+grpc:", "http:"));
      const slow = session.request({
        ":method": "POST",
        ":path": prediction["Predict"]!.path,
        "content-type": "application/grpc",
        te: "trailers",
      });
      slow.on("error", () => undefined);
      await new Promise((resolve) => slow.once("close", resolve));
      expect([slow.rstCode, session.closed]).toEqual([constants.NGHTTP2_CANCEL, false]);
      session.destroy();
    });
  });

  it("one connection more than there may be is closed at once", async () => {
    await withServer({ limits: { maxConnections: 2 } }, async ({ endpoint }) => {
      const clients = silent(endpoint, 5);
      await until(() => clients.closed() === 3);
      clients.end();
    });
  });

  it("a client that reads nothing does not hold the close up for longer than its time", async () => {
    const server = await createTfsGrpcTransport().serve(createFakeCore(), {
      host: "127.0.0.1",
      port: 0,
      ...OPTIONS,
      limits: { closeTimeoutMs: 200 },
    });
    const socket = connect(Number(new URL(server.endpoint.replace("tfs+grpc:", "http:")).port), "127.0.0.1");
    socket.on("error", () => undefined);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const startMs = performance.now();
    await server.close();
    expect(performance.now() - startMs).toBeLessThan(3_000);
    socket.destroy();
  });
});
