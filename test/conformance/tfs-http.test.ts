import { once } from "node:events";
import http from "node:http";
import { type AddressInfo, connect } from "node:net";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TransportError } from "../../dist/core/errors.js";
import type { InferRequest } from "../../dist/core/inference.js";
import type { ModelMetadata } from "../../dist/core/metadata.js";
import type { InferenceServer, ServeLimits } from "../../dist/core/transport.js";
import { createKserveV1Transport, createTfsHttpTransport } from "../../dist/transports/http/tfs/index.js";
import { infer, until } from "./conformance-bed.ts";
import { createFakeCore } from "./fake-core.ts";

const LIMIT_BYTES = 300_000;
const OPTIONS = { maxPayloadBytes: LIMIT_BYTES, tuning: "defaults" } as const;

/** Models of a batch of float rows, of strings, and of two inputs; each echoes its inputs. */
const MODELS: Readonly<Record<string, Pick<ModelMetadata, "inputs" | "outputs">>> = {
  floats: {
    inputs: [{ name: "x", datatype: "FP32", shape: [-1, 2] }],
    outputs: [{ name: "x", datatype: "FP32", shape: [8, 2] }],
  },
  texts: {
    inputs: [{ name: "t", datatype: "BYTES", shape: [-1] }],
    outputs: [{ name: "t", datatype: "BYTES", shape: [-1] }],
  },
  two: {
    inputs: [
      { name: "a", datatype: "INT32", shape: [-1] },
      { name: "b", datatype: "FP64", shape: [-1] },
    ],
    outputs: [
      { name: "a", datatype: "INT32", shape: [8] },
      { name: "b", datatype: "FP64", shape: [8] },
    ],
  },
};

interface RawAnswer {
  readonly code: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  readonly bytes: Buffer;
}

describe("TensorFlow Serving's REST, spoken by hand", () => {
  const fake = createFakeCore();
  let encodedCalls = 0;
  let server: InferenceServer | undefined;

  beforeAll(async () => {
    const core = {
      ...fake,
      modelMetadata: (name: string, version?: string): ModelMetadata => {
        const { inputs, outputs } = MODELS[name] ?? {};
        if (inputs === undefined || outputs === undefined) return fake.modelMetadata(name, version);
        return { name, versions: ["1"], platform: "test", inputs, outputs };
      },
      isModelReady: () => true,
      infer: (request: InferRequest, signal: AbortSignal) =>
        fake.infer({ ...request, modelName: "echo" }, signal),
      inferEncoded: (...[body, codec, context, signal]: Parameters<typeof fake.inferEncoded>) => {
        encodedCalls += 1;
        return fake.inferEncoded(body, codec, { ...context, modelName: "echo" }, signal);
      },
    };
    server = await createTfsHttpTransport().serve(core, { host: "127.0.0.1", port: 0, ...OPTIONS });
  });

  afterAll(async () => {
    await server?.close();
  });

  async function send(
    method: string,
    path: string,
    body?: string | Buffer,
    headers: http.OutgoingHttpHeaders = {},
  ): Promise<RawAnswer> {
    const url = new URL(path, server?.endpoint.replace("tfs+http:", "http:"));
    const request = http.request(url, { method, headers });
    request.end(body);
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    return { code: response.statusCode ?? 0, headers: response.headers, text: bytes.toString("utf8"), bytes };
  }
  const predict = (model: string, body: string, headers?: http.OutgoingHttpHeaders): Promise<RawAnswer> =>
    send("POST", `/v1/models/${model}:predict`, body, headers);

  it("answers rows with predictions and columns with outputs", async () => {
    const rows = await predict("floats", '{"instances": [[1, 2.5], [NaN, -Infinity]]}');
    expect([rows.code, rows.text]).toEqual([200, '{"predictions":[[1.0,2.5],[NaN,-Infinity]]}\n']);
    expect(rows.headers["content-type"]).toBe("application/json");
    const columns = await predict("floats", '{"inputs": {"x": [[1, 2]]}}');
    expect(columns.text).toBe('{"outputs":[[1.0,2.0]]}\n');
    const named = await predict("two", '{"instances": [{"a": 1, "b": 0.5}, {"b": 2, "a": -1}]}');
    expect(named.text).toBe('{"predictions":[{"a":1,"b":0.5},{"a":-1,"b":2.0}]}\n');
    const both = await predict("two", '{"inputs": {"a": [1, 2], "b": [3]}}');
    expect(both.text).toBe('{"outputs":{"a":[1,2],"b":[3.0]}}\n');
  });

  it("takes items that are lists", async () => {
    const answer = await predict("two", '{"instances": [{"a": [1], "b": 1}]}');
    expect(answer.code).toBe(200);
    expect(answer.text).toBe('{"predictions":[{"a":[1],"b":1.0}]}\n');
  });

  it("reads and writes bytes as base64", async () => {
    const answer = await predict("texts", '{"instances": [{"b64": "/9j/"}, "grüße"]}');
    expect(answer.text).toBe('{"predictions":[{"b64":"/9j/"},"grüße"]}\n');
  });

  it("tells status, metadata and names, whatever the letters' case", async () => {
    expect((await send("GET", "/V1/models/floats/versions/1")).text).toBe(
      '{"model_version_status":[{"version":"1","state":"AVAILABLE","status":{"error_code":"OK","error_message":""}}]}',
    );
    const metadata = await send("GET", "/v1/models/texts/metadata");
    expect(JSON.parse(metadata.text)).toMatchObject({
      model_spec: { name: "texts", version: "1" },
      metadata: {
        signature_def: { signature_def: { serving_default: { inputs: { t: { dtype: "DT_STRING" } } } } },
      },
    });
    expect(JSON.parse((await send("GET", "/v1/models")).text)).toEqual({ models: fake.modelNames() });
    expect((await send("GET", "/")).code).toBe(200);
  });

  it.each([
    ["POST", "/v1/models/nobody:predict", 404, "Servable not found for request: Latest(nobody)"],
    ["POST", "/v1/models/echo/versions/7:predict", 404, "Servable not found for request: Specific(echo, 7)"],
    ["POST", "/v1/models/echo/labels/stable:predict", 400, "Unrecognized servable version label: stable"],
    ["GET", "/v1/models/nobody", 404, "Could not find any versions of model nobody"],
    ["GET", "/v1/models/echo/versions/7", 404, "Could not find version 7 of model echo"],
    ["GET", "/v1/models/nobody/metadata", 404, "Servable not found for request: Latest(nobody)"],
    ["POST", "/v1/models/floats:predict", 400, "JSON Parse error: The document is empty. at offset: 0"],
    [
      "POST",
      "/v1/models/floats:classify",
      400,
      "Expected classification signature method_name to be tensorflow/serving/classify. Was: tensorflow/serving/predict",
    ],
    ["PUT", "/v1/models/floats", 400, "Malformed request: PUT /v1/models/floats"],
    ["GET", "/anything", 400, "Malformed request: GET /anything"],
  ])("%s %s is %d", async (method, path, code, error) => {
    const answer = await send(method, path);
    expect([answer.code, JSON.parse(answer.text)]).toEqual([code, { error }]);
  });

  it("goes through a worker where the body is large, or the answer may be", async () => {
    const before = encodedCalls;
    await predict("floats", '{"instances": [[1, 2]]}');
    expect(encodedCalls).toBe(before);
    await predict("texts", '{"instances": ["a"]}');
    expect(encodedCalls).toBe(before + 1);
    const rows = JSON.stringify(Array.from({ length: 8_000 }, (_, index) => [index, 0.5]));
    const answer = await predict("floats", `{"instances": ${rows}}`);
    expect(JSON.parse(answer.text).predictions).toHaveLength(8_000);
    expect(encodedCalls).toBe(before + 2);
  });

  it("inflates and deflates, up to the limit", async () => {
    const body = gzipSync('{"instances": [[1, 2]]}');
    const answer = await send("POST", "/v1/models/floats:predict", body, {
      "content-encoding": "gzip",
      "accept-encoding": "gzip",
    });
    expect(gunzipSync(answer.bytes).toString()).toBe('{"predictions":[[1.0,2.0]]}\n');
    const bomb = gzipSync(Buffer.alloc(LIMIT_BYTES * 10, " "));
    const refused = await send("POST", "/v1/models/floats:predict", bomb, { "content-encoding": "gzip" });
    expect(refused.code).toBe(413);
  });

  it("tells the stage durations beside the answer, and refuses a broken header", async () => {
    const { headers } = await predict("floats", '{"instances": [[1, 2]]}');
    const told = JSON.parse(String(headers["wirebench-response"])) as object;
    expect(told).toMatchObject({
      version: "1",
      parameters: { wirebench_in_ns: expect.any(Number), wirebench_infer_ns: expect.any(Number) },
      outputs: [{ name: "x", datatype: "FP32", shape: [1, 2] }],
    });
    const answer = await predict("floats", '{"instances": [[1, 2]]}', { "wirebench-request": "{" });
    expect(answer.code).toBe(400);
  });
});

describe("our client at a foreign server", () => {
  const requests: { readonly path: string; readonly body: string }[] = [];
  /** Answers by path, as a server does that knows nothing of our headers. */
  async function withForeign(
    answers: Readonly<Record<string, readonly [code: number, body: string, delayMs?: number]>>,
    use: (port: number) => Promise<void>,
  ): Promise<void> {
    const foreign = http.createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const path = request.url ?? "";
        requests.push({ path, body: Buffer.concat(chunks).toString("utf8") });
        const [code, body, delayMs] = answers[path] ?? [404, '{ "error": "Malformed request" }'];
        const answer = (): void =>
          void response.writeHead(code, { "content-type": "application/json" }).end(body);
        if (delayMs === undefined) answer();
        else setTimeout(answer, delayMs);
      });
    });
    foreign.listen(0, "127.0.0.1");
    await once(foreign, "listening");
    requests.length = 0;
    try {
      await use((foreign.address() as AddressInfo).port);
    } finally {
      foreign.closeAllConnections();
      foreign.close();
    }
  }
  const connectOptions = { ...OPTIONS, encoding: "json" } as const;
  const floats = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
  const request: InferRequest = {
    modelName: "m",
    id: "7",
    inputs: [{ name: "x", datatype: "FP32", shape: [1, 2], data: floats(0.5, 1) }],
  };

  it("reads TensorFlow Serving's signature, answers and states", async () => {
    const dims = {
      dim: [
        { size: "-1", name: "" },
        { size: "2", name: "" },
      ],
      unknown_rank: false,
    };
    const info = (dtype: string): object => ({ dtype, tensor_shape: dims, name: "n:0" });
    const signature = {
      inputs: { x: info("DT_FLOAT") },
      outputs: { ids: info("DT_INT32"), score: info("DT_FLOAT") },
      method_name: "tensorflow/serving/predict",
      defaults: {},
    };
    const metadata = {
      model_spec: { name: "m", signature_name: "", version: "4" },
      metadata: { signature_def: { "@type": "…", signature_def: { serving_default: signature } } },
    };
    const predictions =
      '{\n    "predictions": [\n        {\n            "score": [0.25, NaN],\n            "ids": [3, 4]\n        }\n    ]\n}';
    const answers = {
      "/v1/models/m/metadata": [200, JSON.stringify(metadata)],
      "/v1/models/m:predict": [200, predictions],
      "/v1/models/m": [200, '{"model_version_status":[{"version":"4","state":"LOADING"}]}'],
      "/v1/models/bad:predict": [400, '{ "error": "JSON Parse error: Invalid value. at offset: 3" }'],
    } as const;
    await withForeign(answers, async (port) => {
      const client = await createTfsHttpTransport().connect(`tfs+http://127.0.0.1:${port}`, connectOptions);
      const response = await infer(client, request);
      expect(response).toMatchObject({ modelName: "m", id: "7", parameters: undefined });
      expect(response.outputs).toEqual([
        { name: "ids", datatype: "INT32", shape: [1, 2], data: Uint8Array.of(3, 0, 0, 0, 4, 0, 0, 0) },
        { name: "score", datatype: "FP32", shape: [1, 2], data: floats(0.25, Number.NaN) },
      ]);
      expect(requests.find(({ path }) => path === "/v1/models/m:predict")?.body).toBe(
        '{"instances":[[0.5,1.0]]}',
      );
      expect(await client.modelMetadata("m")).toMatchObject({ versions: ["4"], platform: "tensorflow" });
      expect(await client.isModelReady?.("m")).toBe(false);
      await expect(client.isModelReady?.("nobody")).rejects.toMatchObject({ status: "NOT_FOUND" });
      await expect(infer(client, { ...request, modelName: "bad" })).rejects.toMatchObject({
        status: "INVALID_ARGUMENT",
        message: "JSON Parse error: Invalid value. at offset: 3",
      });
      await client.close();
    });
  });

  it("reads KServe's V1 answers, with the signature of V2 where there is one", async () => {
    const v2 = {
      name: "m",
      platform: "",
      versions: [],
      inputs: [{ name: "x", datatype: "FP32", shape: [-1, 2] }],
      outputs: [{ name: "y", datatype: "FP64", shape: [-1] }],
    };
    const answers = {
      "/v1/models": [200, '{"models":["m"]}'],
      "/v1/models/m": [200, '{"name":"m","ready":true}'],
      "/v1/models/m:predict": [200, '{"predictions":[1]}'],
      "/v2/models/m": [200, JSON.stringify(v2)],
      "/v1/models/plain": [200, '{"name":"plain","ready":"True"}'],
      "/v1/models/plain:predict": [200, '{"predictions":[1]}'],
    } as const;
    await withForeign(answers, async (port) => {
      const client = await createKserveV1Transport().connect(
        `kserve-v1+http://127.0.0.1:${port}`,
        connectOptions,
      );
      expect(await client.modelMetadata("m")).toEqual(v2);
      expect(await client.isModelReady?.("plain")).toBe(true);
      expect((await infer(client, request)).outputs).toMatchObject([
        { name: "y", datatype: "FP64", shape: [1] },
      ]);
      await expect(client.modelMetadata("plain")).rejects.toMatchObject({
        status: "UNIMPLEMENTED",
        message: expect.stringMatching(/does not tell the signature of 'plain'/),
      });
      const answer = await infer(client, { ...request, modelName: "plain" });
      expect(answer.outputs).toMatchObject([{ name: "predictions", datatype: "INT64", shape: [1] }]);
      const [input] = request.inputs;
      const unequal = [...request.inputs, { ...input!, name: "z", shape: [2, 1] }];
      await expect(infer(client, { ...request, inputs: unequal })).rejects.toMatchObject({
        status: "INVALID_ARGUMENT",
      });
      await client.close();
    });
  });

  it("says that an answer is none", async () => {
    await withForeign({ "/v1/models/m:predict": [200, "<html>"] }, async (port) => {
      const client = await createTfsHttpTransport().connect(`tfs+http://127.0.0.1:${port}`, connectOptions);
      await expect(infer(client, request)).rejects.toMatchObject({
        status: "INTERNAL",
        message: expect.stringMatching(/^the server's answer is malformed: /),
      });
      await client.close();
    });
  });

  describe("that does not describe its answers", () => {
    const METADATA = "/v1/models/m/metadata";
    const info = { dtype: "DT_DOUBLE", tensor_shape: { dim: [{ size: "-1" }] }, name: "n:0" };
    const signature = { inputs: {}, outputs: { y: info }, method_name: "tensorflow/serving/predict" };
    const metadata = JSON.stringify({
      model_spec: { name: "m", version: "4" },
      metadata: { signature_def: { signature_def: { serving_default: signature } } },
    });
    const asked = (): number => requests.filter(({ path }) => path === METADATA).length;
    const connectTo = (port: number) =>
      createTfsHttpTransport().connect(`tfs+http://127.0.0.1:${port}`, connectOptions);

    it("asks it again after a failure that may pass, and guesses nothing meanwhile", async () => {
      const answers: Record<string, readonly [number, string]> = {
        "/v1/models/m:predict": [200, '{"predictions":[1]}'],
        [METADATA]: [503, '{ "error": "loading" }'],
      };
      await withForeign(answers, async (port) => {
        const client = await connectTo(port);
        await expect(infer(client, request)).rejects.toMatchObject({
          status: "UNAVAILABLE",
          message: "loading",
        });
        answers[METADATA] = [200, metadata];
        for (let i = 0; i < 2; i++) {
          expect((await infer(client, request)).outputs).toMatchObject([{ name: "y", datatype: "FP64" }]);
        }
        expect(asked()).toBe(2);
        await client.close();
      });
    });

    it("asks it once where it does not know the question, or was asked before", async () => {
      const answers: Record<string, readonly [number, string]> = {
        "/v1/models/m:predict": [200, '{"predictions":[1]}'],
        "/v1/models/plain:predict": [200, '{"predictions":[1]}'],
        [METADATA]: [200, metadata],
      };
      await withForeign(answers, async (port) => {
        const client = await connectTo(port);
        await client.modelMetadata("m");
        for (const modelName of ["m", "plain", "plain"]) await infer(client, { ...request, modelName });
        expect(asked()).toBe(1);
        expect(requests.filter(({ path }) => path === "/v1/models/plain/metadata")).toHaveLength(1);
        await client.close();
      });
    });

    it("asks it within the deadline of the request, and until that is aborted", async () => {
      const answers = {
        "/v1/models/m:predict": [200, '{"predictions":[1]}'],
        [METADATA]: [200, metadata, 5_000],
      } as const;
      await withForeign(answers, async (port) => {
        const client = await connectTo(port);
        const startMs = performance.now();
        await expect(infer(client, request, { deadlineMs: 200 })).rejects.toMatchObject({
          status: "DEADLINE_EXCEEDED",
        });
        const controller = new AbortController();
        const answer = infer(client, request, { signal: controller.signal });
        setTimeout(() => controller.abort(new TransportError("CANCELLED", "no longer")), 200);
        await expect(answer).rejects.toMatchObject({ status: "CANCELLED", message: "no longer" });
        expect(performance.now() - startMs).toBeLessThan(3_000);
        await client.destroy();
      });
    });

    it("still asks it for an answer that is in flight when the client is closed", async () => {
      const answers = {
        "/v1/models/m:predict": [200, '{"predictions":[1]}', 100],
        [METADATA]: [200, metadata],
      } as const;
      await withForeign(answers, async (port) => {
        const client = await connectTo(port);
        const answer = infer(client, request);
        await client.close();
        expect((await answer).outputs).toMatchObject([{ name: "y", datatype: "FP64" }]);
        await expect(infer(client, request)).rejects.toMatchObject({ status: "CANCELLED" });
      });
    });
  });
});

describe("limits", () => {
  const serve = (limits: ServeLimits): Promise<InferenceServer> =>
    createTfsHttpTransport().serve(createFakeCore(), { host: "127.0.0.1", port: 0, ...OPTIONS, limits });
  /** Connections that say `hello`; `closed` counts those that the server ended, `said` is what one was told. */
  const clients = ({ endpoint }: InferenceServer, count: number, hello: string) => {
    let closed = 0;
    let said = "";
    const port = Number(new URL(endpoint.replace("tfs+http:", "http:")).port);
    const sockets = Array.from({ length: count }, () =>
      connect(port, "127.0.0.1")
        .on("error", () => undefined)
        .on("data", (data) => {
          said = data.toString();
        })
        .on("close", () => {
          closed += 1;
        }),
    );
    if (hello !== "") for (const socket of sockets) socket.write(hello);
    return {
      closed: () => closed,
      said: () => said,
      end: () => {
        for (const socket of sockets) socket.destroy();
      },
    };
  };

  it.each([
    ["bodies never end", "POST /v1/models/echo:predict HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{"],
    ["heads never end", "POST /v1/models/echo:predict HTTP/1.1\r\nhost: x\r\n"],
  ])("clients whose %s are ended after the time for a request", async (_what, hello) => {
    const server = await serve({ requestTimeoutMs: 300 });
    const slow = clients(server, 3, hello);
    await until(() => slow.closed() === 3);
    expect(slow.said()).toMatch(/^HTTP\/1\.1 408 /);
    await server.close();
  });

  it("one connection more than there may be is told so and closed", async () => {
    const server = await serve({ maxConnections: 2 });
    const many = clients(server, 3, "");
    await until(() => many.closed() === 1);
    expect(many.said()).toMatch(/^HTTP\/1\.1 503 [\s\S]*the server has its 2 connections already/);
    many.end();
    await server.close();
  });
});
