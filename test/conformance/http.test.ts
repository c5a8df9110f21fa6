import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import net from "node:net";
import { deflateSync, gunzipSync, gzipSync, inflateSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { InferenceServer } from "../../dist/core/transport.js";
import { createHttpTransport } from "../../dist/transports/http/index.js";
import { infer, patternBytes, requestOf, until } from "./conformance-bed.ts";
import { CONFIGURATION, createFakeCore } from "./fake-core.ts";
import { testTransportConformance } from "./transport-conformance.ts";

testTransportConformance("http", {
  module: "transports/http/index.js",
  factory: "createHttpTransport",
  encodings: ["json", "binary"],
  cancelReachesServer: true,
});

const HEADER_LENGTH = "inference-header-content-length";
const LIMIT_BYTES = 200_000;

interface RawAnswer {
  readonly code: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
  readonly json: unknown;
}

describe("http, spoken by hand", () => {
  const core = createFakeCore();
  let encodedCalls = 0;
  let server: InferenceServer | undefined;

  beforeAll(async () => {
    const counting = {
      ...core,
      inferEncoded: (...args: Parameters<typeof core.inferEncoded>) => {
        encodedCalls += 1;
        return core.inferEncoded(...args);
      },
    };
    server = await createHttpTransport().serve(counting, {
      host: "127.0.0.1",
      port: 0,
      maxPayloadBytes: LIMIT_BYTES,
      tuning: "defaults",
    });
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
    const request = http.request(new URL(path, server?.endpoint), { method, headers });
    request.end(body);
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const jsonBytes = Number(response.headers[HEADER_LENGTH] ?? bytes.byteLength);
    const text = bytes.toString("utf8", 0, jsonBytes);
    return {
      code: response.statusCode ?? 0,
      headers: response.headers,
      body: bytes,
      json: text === "" || "content-encoding" in response.headers ? undefined : JSON.parse(text),
    };
  }
  const post = (json: unknown, headers?: http.OutgoingHttpHeaders, binary = Buffer.alloc(0)) =>
    send(
      "POST",
      "/v2/models/echo/infer",
      Buffer.concat([Buffer.from(JSON.stringify(json)), binary]),
      headers,
    );
  const x = { name: "x", shape: [2, 2], datatype: "FP32" };

  it("answers JSON with JSON, flat, and repeats the id", async () => {
    const answer = await post({
      id: "7",
      inputs: [
        {
          ...x,
          data: [
            [1, 2.5],
            [-3, 4],
          ],
        },
      ],
    });
    expect(answer.code).toBe(200);
    expect(answer.headers["content-type"]).toMatch(/^application\/json/);
    expect(answer.headers[HEADER_LENGTH]).toBeUndefined();
    expect(answer.json).toMatchObject({
      model_name: "echo",
      model_version: "1",
      id: "7",
      outputs: [{ name: "x", shape: [2, 2], datatype: "FP32", data: [1, 2.5, -3, 4] }],
    });
  });

  it("mixes JSON and binary tensors, and answers each output as it is asked for", async () => {
    const json = {
      inputs: [
        { name: "a", shape: [3], datatype: "UINT8", parameters: { binary_data_size: 3 } },
        { name: "b", shape: [1], datatype: "BYTES", data: ["hi"] },
      ],
      outputs: [{ name: "a" }, { name: "b", parameters: { binary_data: true } }],
    };
    const length = Buffer.byteLength(JSON.stringify(json));
    const answer = await post(json, { [HEADER_LENGTH]: length }, Buffer.from([1, 2, 3]));
    expect(answer.headers["content-type"]).toBe("application/octet-stream");
    expect(answer.json).toMatchObject({
      outputs: [
        { name: "a", data: [1, 2, 3] },
        { name: "b", parameters: { binary_data_size: 6 } },
      ],
    });
    expect(answer.json).not.toHaveProperty("id");
    expect(answer.body.subarray(-6)).toEqual(Buffer.from([2, 0, 0, 0, 0x68, 0x69]));
  });

  it("takes a chunked body without a content length or type", async () => {
    const request = http.request(new URL("/v2/models/echo/versions/1/infer", server?.endpoint), {
      method: "POST",
    });
    request.write('{"inputs":[{"name":"x","shape":[1],');
    request.end('"datatype":"INT64","data":[5]}]}');
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    expect(response.statusCode).toBe(200);
    response.resume();
  });

  it("hands JSON to a worker when the body or the answer may be large, and only then", async () => {
    const small = { inputs: [{ name: "x", shape: [1], datatype: "UINT8", data: [1] }] };
    const binary = {
      ...small,
      parameters: { binary_data_output: true },
    };
    const calls = async (json: unknown): Promise<number> => {
      encodedCalls = 0;
      expect((await post(json)).code).toBe(200);
      return encodedCalls;
    };
    // The signature of `echo` has a free dimension: its JSON may have any size.
    expect(await calls(small)).toBe(1);
    expect(await calls(binary)).toBe(0);
    const data = new Array<number>(40_000).fill(17);
    expect(
      await calls({ ...binary, inputs: [{ name: "x", shape: [40_000], datatype: "UINT8", data }] }),
    ).toBe(1);
    // Not read here first: the worker is who finds out that this is none.
    encodedCalls = 0;
    expect((await post("nonsense")).code).toBe(400);
    expect(encodedCalls).toBe(1);
    // What names its outputs is read: they may be small ones.
    expect(await calls({ ...small, outputs: [{ name: "other" }] })).toBe(0);
  });

  it.each<[string, unknown, http.OutgoingHttpHeaders, RegExp]>([
    ["no JSON", "nonsense", {}, /expected a JSON object/],
    ["a number as id", { id: 1, inputs: [] }, {}, /id: expected a string, got 1/],
    [
      "too few elements",
      { inputs: [{ ...x, data: [1] }] },
      {},
      /expected 4 elements for shape \[2,2\], got 1/,
    ],
    [
      "FP16 in JSON",
      { inputs: [{ ...x, datatype: "FP16", data: [1, 2, 3, 4] }] },
      {},
      /FP16 cannot travel as JSON/,
    ],
    [
      "a JSON part longer than the body",
      {},
      { [HEADER_LENGTH]: 999 },
      /said to have 999 bytes, but the body has 2/,
    ],
    [
      "a JSON part of no number",
      {},
      { [HEADER_LENGTH]: "x" },
      /the length of the JSON part is not a number of bytes/,
    ],
    ["no data", { inputs: [x] }, {}, /got neither/],
  ])("refuses %s with 400 and one line", async (_name, json, headers, message) => {
    const answer = await post(json, headers);
    expect(answer.code).toBe(400);
    expect(answer.headers["wirebench-status"]).toBe("INVALID_ARGUMENT");
    expect(answer.json).toEqual({ error: expect.stringMatching(message) as string });
    expect(JSON.stringify(answer.json)).not.toContain("\\n");
  });

  it("refuses bytes that no tensor claims", async () => {
    const answer = await post({ inputs: [] }, { [HEADER_LENGTH]: 13 }, Buffer.from([1]));
    expect(answer).toMatchObject({
      code: 400,
      json: { error: "1 bytes are left behind the last binary tensor" },
    });
  });

  it("takes a raw binary request: the body is the one input", async () => {
    const answer = await send("POST", "/v2/models/echo/infer", Buffer.of(1, 2, 3), { [HEADER_LENGTH]: 0 });
    expect(answer.code).toBe(200);
    const headerBytes = Number(answer.headers[HEADER_LENGTH]);
    expect(JSON.parse(answer.body.toString("utf8", 0, headerBytes))).toMatchObject({
      outputs: [{ name: "input", datatype: "UINT8", shape: [1, 3], parameters: { binary_data_size: 3 } }],
    });
    expect([...answer.body.subarray(headerBytes)]).toEqual([1, 2, 3]);
  });

  it.each([
    ["gzip", gzipSync, gunzipSync],
    ["deflate", deflateSync, inflateSync],
  ] as const)("takes %s and answers with it where it is asked to", async (coding, pack, unpack) => {
    const data = Buffer.alloc(10_000, 7);
    const json = {
      parameters: { binary_data_output: true },
      inputs: [{ ...x, shape: [2_500], parameters: { binary_data_size: data.byteLength } }],
    };
    const header = Buffer.from(JSON.stringify(json));
    const answer = await send("POST", "/v2/models/echo/infer", pack(Buffer.concat([header, data])), {
      "content-encoding": coding,
      "accept-encoding": `br, ${coding};q=0.5, x;q=0.1`,
      [HEADER_LENGTH]: header.byteLength,
    });
    expect(answer).toMatchObject({ code: 200, headers: { "content-encoding": coding } });
    expect(answer.body.byteLength).toBeLessThan(1_000);
    const body = unpack(answer.body);
    expect(body.subarray(Number(answer.headers[HEADER_LENGTH])).equals(data)).toBe(true);
    expect((await post({ inputs: [] }, { "accept-encoding": `${coding};q=0` })).headers).not.toHaveProperty(
      "content-encoding",
    );
  });

  it("holds no more of an inflated body than the limit, and says what is damaged", async () => {
    const path = "/v2/models/echo/infer";
    const bomb = gzipSync(Buffer.alloc(LIMIT_BYTES + 1));
    expect(await send("POST", path, bomb, { "content-encoding": "gzip" })).toMatchObject({
      code: 413,
      json: { error: `the gzip body inflates to more than the limit of ${LIMIT_BYTES} bytes` },
    });
    expect((await post({}, { "content-encoding": "gzip" })).code).toBe(400);
    expect((await post({}, { "content-encoding": "br" })).code).toBe(501);
  });

  it("refuses a body over the limit with 413, announced or chunked", async () => {
    const body = Buffer.alloc(LIMIT_BYTES + 1, 0x20);
    const path = "/v2/models/echo/infer";
    expect((await send("POST", path, body)).code).toBe(413);
    expect((await send("POST", path, body, { "transfer-encoding": "chunked" })).code).toBe(413);
  });

  it("answers 404 and 405 with an error text", async () => {
    expect(await send("GET", "/v2/nothing")).toMatchObject({
      code: 404,
      json: { error: expect.any(String) as string },
    });
    expect(await send("GET", "/v2/models/nobody")).toMatchObject({
      code: 404,
      json: { error: "unknown model 'nobody'" },
    });
    const wrong = await send("GET", "/v2/models/echo/infer");
    expect(wrong).toMatchObject({ code: 405, headers: { allow: "POST" } });
    expect((await send("POST", "/v2/health/live", "{}", { "content-type": "text/x" })).code).toBe(405);
  });

  it("tells about health, server and models", async () => {
    expect(await send("GET", "/v2/health/live")).toMatchObject({ code: 200, json: { live: true } });
    expect(await send("GET", "/v2/health/ready")).toMatchObject({ code: 200, json: { ready: true } });
    expect(await send("GET", "/v2/models/echo/ready")).toMatchObject({
      code: 200,
      json: { name: "echo", ready: true },
    });
    expect((await send("GET", "/v2")).json).toEqual(core.serverMetadata());
    expect((await send("GET", "/v2/models/echo/versions/1")).json).toEqual(core.modelMetadata("echo"));
  });

  it("tells how a model is served, and its counters", async () => {
    expect((await send("GET", "/v2/models/echo/config")).json).toEqual(CONFIGURATION);
    const statistics = {
      model_stats: [
        expect.objectContaining({
          name: "echo",
          last_inference: 1_700_000_000_123,
          inference_count: 6,
          execution_count: 3,
          inference_stats: expect.objectContaining({
            success: { count: 4, ns: Number.MAX_SAFE_INTEGER },
            compute_infer: { count: 3, ns: 300 },
          }) as unknown,
          batch_stats: [
            {
              batch_size: 2,
              compute_input: { count: 3, ns: 30 },
              compute_infer: { count: 3, ns: 300 },
              compute_output: { count: 3, ns: 33 },
            },
          ],
        }),
      ],
    };
    for (const path of ["/v2/models/stats", "/v2/models/echo/stats", "/v2/models/echo/versions/1/stats"]) {
      expect((await send("GET", path)).json).toEqual(statistics);
    }
    for (const path of ["config", "stats"]) {
      expect((await send("GET", `/v2/models/nobody/${path}`)).code).toBe(404);
      expect((await send("POST", `/v2/models/echo/${path}`, "{}")).code).toBe(405);
    }
  });

  it("tells the core when a client hangs up", async () => {
    const body = JSON.stringify({
      id: "hang-up",
      parameters: { wirebench_delay_us: 5_000_000, binary_data_output: true },
      inputs: [{ name: "input", shape: [1], datatype: "UINT8", data: [1] }],
    });
    const request = http.request(new URL("/v2/models/delay/infer", server?.endpoint), { method: "POST" });
    request.on("error", () => undefined);
    request.end(body);
    await until(() => core.seen.includes("hang-up"));
    request.destroy();
    await until(() => core.aborted.includes("hang-up"));
  });
});

describe("http, against a foreign server", () => {
  /** Runs `use` with a client connected to a server that answers POST as told. */
  async function withForeign(
    answer: (response: http.ServerResponse) => void,
    use: (ask: () => Promise<unknown>) => Promise<void>,
  ): Promise<void> {
    const foreign = http.createServer((request, response) => {
      request.resume();
      if (request.method === "GET") response.writeHead(404).end();
      else request.on("end", () => answer(response));
    });
    await once(foreign.listen(0, "127.0.0.1"), "listening");
    const endpoint = `http://127.0.0.1:${(foreign.address() as AddressInfo).port}`;
    const options = { maxPayloadBytes: 1_000_000, tuning: "tuned", encoding: "binary" } as const;
    const client = await createHttpTransport().connect(endpoint, options);
    try {
      await use(() => infer(client, requestOf("m", patternBytes(100))));
    } finally {
      await client.destroy();
      foreign.close();
      foreign.closeAllConnections();
    }
  }

  it("reads an answer without id, version and parameters, chunked", async () => {
    const outputs = [{ name: "y", shape: [1], datatype: "FP32", data: [0.5] }];
    const body = JSON.stringify({ model_name: "m", outputs });
    await withForeign(
      (response) => {
        response.write(body.slice(0, 20));
        response.end(body.slice(20));
      },
      async (ask) => {
        expect(await ask()).toMatchObject({
          modelName: "m",
          modelVersion: "",
          id: "",
          outputs: [{ name: "y" }],
        });
      },
    );
  });

  it.each([
    [400, '{"error":"no"}', { status: "INVALID_ARGUMENT", message: "no" }],
    [404, "", { status: "NOT_FOUND", message: "HTTP 404" }],
    [503, "<html>\nbusy\n</html>", { status: "UNAVAILABLE", message: "<html> busy </html>" }],
    [200, "{}", { status: "INTERNAL" }],
  ])("turns %d %j into an error", async (code, body, error) => {
    await withForeign(
      (response) => response.writeHead(code).end(body),
      async (ask) => {
        await expect(ask()).rejects.toMatchObject(error);
      },
    );
  });

  it("is UNAVAILABLE when the server hangs up in mid-answer, and connects anew", async () => {
    let count = 0;
    await withForeign(
      (response) => {
        count += 1;
        response.writeHead(200, { "content-length": 1000 });
        response.write("{", () => response.destroy());
      },
      async (ask) => {
        await expect(ask()).rejects.toMatchObject({ status: "UNAVAILABLE" });
        await expect(ask()).rejects.toMatchObject({ status: "UNAVAILABLE" });
        expect(count).toBe(2);
      },
    );
  });

  it("is UNAVAILABLE in time when a server accepts but never answers", async () => {
    const mute = net.createServer();
    await once(mute.listen(0, "127.0.0.1"), "listening");
    const endpoint = `http://127.0.0.1:${(mute.address() as AddressInfo).port}`;
    const options = {
      maxPayloadBytes: 1000,
      tuning: "tuned",
      encoding: "json",
      connectTimeoutMs: 200,
    } as const;
    await expect(createHttpTransport().connect(endpoint, options)).rejects.toMatchObject({
      status: "UNAVAILABLE",
    });
    mute.close();
  });
});
