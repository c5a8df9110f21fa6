import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ServedRequest } from "../../dist/core/served-request.js";
import type { InferenceServer } from "../../dist/core/transport.js";
import { createHttpTransport } from "../../dist/transports/http/index.js";
import { BROKEN, createFakeCore } from "./fake-core.ts";
import { exchangeBytes, type RawAnswer, sendByHand } from "./http-by-hand.ts";

const LIMIT_BYTES = 100_000;
const HEADER_LENGTH = "inference-header-content-length";
const INFER = "/v2/models/echo/infer";
/** An input whose answer is not handed to a worker for being of any length. */
const BINARY_ANSWER = { binary_data_output: true };

describe("the V2 REST server", () => {
  let server: InferenceServer | undefined;
  const served: ServedRequest[] = [];

  beforeAll(async () => {
    server = await createHttpTransport().serve(createFakeCore(), {
      host: "127.0.0.1",
      port: 0,
      maxPayloadBytes: LIMIT_BYTES,
      tuning: "defaults",
      onServed: (request) => served.push(request),
    });
  });
  afterAll(async () => {
    await server?.close();
  });

  const endpoint = (): string => server?.endpoint ?? "";
  const send = (
    method: string,
    path: string,
    body?: string | Buffer,
    headers?: Record<string, string | number | string[]>,
  ): Promise<RawAnswer> => sendByHand(endpoint(), { method, path, body, headers });
  const infer = (json: unknown, binary?: Buffer, headers: Record<string, string | number> = {}) => {
    const text = Buffer.from(typeof json === "string" ? json : JSON.stringify(json));
    const length = binary === undefined ? {} : { [HEADER_LENGTH]: text.byteLength };
    return send("POST", INFER, Buffer.concat([text, binary ?? Buffer.alloc(0)]), { ...length, ...headers });
  };
  const errorOf = ({ json }: RawAnswer): string => (json as { error: string }).error;

  describe("paths", () => {
    it.each([
      "/v2",
      "/v2/",
      "/v2/health/live",
      "/v2/health/ready/",
      "/v2/models/echo",
      "/v2/models/echo/versions/1/",
      "/v2/models/echo/ready",
      "/v2/models/echo/versions/1/ready",
      "/v2/models/echo/versions/1/config",
      "/v2/models/echo/versions/1/stats",
      "/v2/models/stats",
      "/v2/models/%65cho?any=thing",
    ])("GET and HEAD %s", async (path) => {
      const got = await send("GET", path);
      expect(got.code).toBe(200);
      expect(got.headers["content-type"]).toMatch(/^application\/json/);
      const head = await send("HEAD", path);
      expect(head.code).toBe(200);
      expect(head.body.byteLength).toBe(0);
      expect(head.headers["content-length"]).toBe(String(got.body.byteLength));
    });

    it.each([
      ["GET", "/v2/models/nobody", 404, /unknown model 'nobody'/],
      ["GET", "/v2/models/nobody/ready", 404, /unknown model 'nobody'/],
      ["GET", "/v2/models/%2e%2e%2Fsecret", 404, /unknown model '..\/secret'/],
      ["GET", "/v2/models/echo/versions/2", 404, /no version '2'/],
      ["GET", "/v2/models/echo/versions/latest/ready", 404, /no version 'latest'/],
      ["GET", "/v2/models/%zz", 400, /not a valid url/],
      ["GET", `/v2/models/${"a".repeat(2_000)}`, 400, /max/i],
      ["GET", "/v1/models", 404, /no such path: GET \/v1\/models/],
      ["GET", "/metrics", 404, /no such path/],
      ["DELETE", INFER, 405, /only POST/],
      ["HEAD", INFER, 405, /^$/],
      ["POST", "/v2", 405, /only GET, HEAD/],
      ["GET", "/v2/repository/index", 405, /only POST/],
    ])("%s %s is %d", async (method, path, code, message) => {
      const answer = await send(method, path);
      expect(answer.code).toBe(code);
      if (method === "HEAD") return;
      expect(Object.keys(answer.json as object)).toEqual(["error"]);
      expect(errorOf(answer)).toMatch(message);
    });

    it("names the version in the path to the core", async () => {
      const json = JSON.stringify({ inputs: [], parameters: BINARY_ANSWER });
      expect((await send("POST", "/v2/models/echo/versions/1/infer", json)).code).toBe(200);
      const wrong = await send("POST", "/v2/models/echo/versions/7/infer", json);
      expect(wrong).toMatchObject({ code: 404, json: { error: "model 'echo' has no version '7'" } });
    });
  });

  describe("failures of the core", () => {
    it.each([
      ["INTERNAL", 500],
      ["NOT_FOUND", 404],
      ["UNAVAILABLE", 503],
      ["UNIMPLEMENTED", 501],
      ["UNKNOWN", 400],
      ["INVALID_ARGUMENT", 400],
      ["ALREADY_EXISTS", 400],
      ["CANCELLED", 400],
      // Triton has none of these.
      ["DEADLINE_EXCEEDED", 504],
      ["RESOURCE_EXHAUSTED", 429],
    ])("%s is %d", async (status, code) => {
      const body = JSON.stringify({
        inputs: [],
        parameters: { ...BINARY_ANSWER, status, message: "two\nlines" },
      });
      expect(await send("POST", "/v2/models/fail/infer", body)).toMatchObject({
        code,
        headers: {
          "wirebench-status": status,
          "content-type": expect.stringMatching(/^application\/json/) as string,
        },
        json: { error: "two lines" },
      });
    });
  });

  describe("tensors", () => {
    const bytes = (...values: number[]): Buffer => Buffer.from(values);
    it.each<[string, number[], unknown, unknown, Buffer]>([
      ["BOOL", [2], [true, false], [true, false], bytes(1, 0)],
      ["UINT8", [2, 1], [[1], [255]], [1, 255], bytes(1, 255)],
      ["INT8", [2], [-128, 127], [-128, 127], bytes(0x80, 0x7f)],
      ["UINT16", [1], [65535], [65535], bytes(255, 255)],
      ["INT16", [1], [-2], [-2], bytes(0xfe, 0xff)],
      ["UINT32", [1], [4294967295], [4294967295], bytes(255, 255, 255, 255)],
      ["INT32", [1], [-2], [-2], bytes(0xfe, 255, 255, 255)],
      ["INT64", [1], [-2], [-2], bytes(0xfe, 255, 255, 255, 255, 255, 255, 255)],
      ["UINT64", [1], [7], [7], bytes(7, 0, 0, 0, 0, 0, 0, 0)],
      ["FP32", [1, 2], [[1, -2.5]], [1, -2.5], Buffer.from("0000803f000020c0", "hex")],
      ["FP64", [1], [0.5], [0.5], Buffer.from("000000000000e03f", "hex")],
      ["BYTES", [1, 1], [["bird"]], ["bird"], Buffer.from("0400000062697264", "hex")],
      ["BYTES", [0], [], [], Buffer.alloc(0)],
      ["UINT8", [], [9], [9], bytes(9)],
    ])("%s %j: JSON to JSON and binary, binary to both", async (datatype, shape, data, flat, raw) => {
      const x = { name: "x", datatype, shape };
      const binaryInput = { ...x, parameters: { binary_data_size: raw.byteLength } };
      for (const [input, part] of [
        [{ ...x, data }, undefined],
        [binaryInput, raw],
      ] as const) {
        const json = await infer({ inputs: [input] }, part);
        expect(json).toMatchObject({ code: 200, json: { outputs: [{ ...x, data: flat }] } });
        expect(json.headers).toMatchObject({ "content-type": "application/json" });
        const binary = await infer({ inputs: [input], parameters: BINARY_ANSWER }, part);
        expect(binary).toMatchObject({ code: 200, json: { outputs: [binaryInput] } });
        expect(binary.headers).toMatchObject({
          "content-type": "application/octet-stream",
          "content-length": String(binary.body.byteLength),
        });
        expect(binary.body.subarray(binary.body.byteLength - raw.byteLength).equals(raw)).toBe(true);
        expect(Number(binary.headers[HEADER_LENGTH])).toBe(binary.body.byteLength - raw.byteLength);
      }
    });

    it.each(["FP16", "BF16"])("%s only in the binary part", async (datatype) => {
      const x = { name: "x", datatype, shape: [1] };
      const raw = Buffer.from("003c", "hex");
      const input = { ...x, parameters: { binary_data_size: 2 } };
      const binary = await infer(
        { inputs: [input], outputs: [{ name: "x", parameters: { binary_data: true } }] },
        raw,
      );
      expect(binary).toMatchObject({ code: 200, json: { outputs: [input] } });
      expect(binary.body.subarray(-2).equals(raw)).toBe(true);
      for (const refused of [
        await infer({ inputs: [input] }, raw),
        await infer({ inputs: [{ ...x, data: [1] }] }),
      ]) {
        expect(refused).toMatchObject({ code: 400 });
        expect(errorOf(refused)).toBe(
          `tensor 'x': ${datatype} cannot travel as JSON, only in the binary part`,
        );
      }
    });

    it("keep all digits of 64-bit integers both ways", async () => {
      const text =
        '{"inputs":[{"name":"x","datatype":"UINT64","shape":[2],"data":[18446744073709551615,"9007199254740993"]}]}';
      expect((await infer(text)).body.toString()).toContain('"data":[18446744073709551615,9007199254740993]');
    });

    it("the golden body G7, byte by byte", async () => {
      const json =
        '{"id":"r1","inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":8}}],"outputs":[{"name":"y","parameters":{"binary_data":true}}]}';
      const body = Buffer.concat([Buffer.from(json), Buffer.from("0000803f000020c0", "hex")]);
      expect(body.byteLength).toBe(170);
      const answer = await send("POST", INFER, body, { [HEADER_LENGTH]: 162 });
      expect(answer).toMatchObject({ code: 200, json: { id: "r1" } });
    });
  });

  describe("ids and parameters", () => {
    it("an id is repeated, an absent or null one is left out", async () => {
      expect((await infer({ id: "ü-1", inputs: [] })).json).toMatchObject({ id: "ü-1" });
      for (const id of [undefined, null, ""]) {
        expect((await infer({ id, inputs: [] })).json).not.toHaveProperty("id");
      }
      expect(errorOf(await infer({ id: 7, inputs: [] }))).toBe("id: expected a string, got 7");
    });

    it("reserved and unknown ones reach the core, those of the wire do not", async () => {
      const parameters = {
        sequence_id: 3,
        sequence_start: true,
        priority: 1,
        triton_enable_empty_final_response: false,
        "my own": "x",
      };
      const { json } = await infer({
        inputs: [],
        unknown: { a: [] },
        parameters: { ...parameters, ...BINARY_ANSWER },
      });
      expect(json).toMatchObject({ parameters });
      expect((json as { parameters: object }).parameters).not.toHaveProperty("binary_data_output");
    });
  });

  describe("bodies", () => {
    const one = { name: "x", datatype: "UINT8", shape: [1] };
    it.each<[string, unknown, Buffer | undefined, Record<string, string | number>, RegExp]>([
      ["nothing", "", undefined, {}, /the request is not JSON/],
      ["a header length of -1", "{}", undefined, { [HEADER_LENGTH]: -1 }, /not a number of bytes/],
      [
        "a header length beyond the body",
        "{}",
        undefined,
        { [HEADER_LENGTH]: 3 },
        /said to have 3 bytes, but the body has 2/,
      ],
      [
        "a header length far beyond all",
        "{}",
        undefined,
        { [HEADER_LENGTH]: "9".repeat(30) },
        /not a number of bytes/,
      ],
      [
        "a header length within the JSON",
        "{ }",
        undefined,
        { [HEADER_LENGTH]: 1 },
        /the request is not JSON/,
      ],
      ["bytes that nobody claims", { inputs: [] }, Buffer.of(1), {}, /1 bytes are left/],
      [
        "an input twice",
        {
          inputs: [
            { ...one, data: [1] },
            { ...one, data: [2] },
          ],
        },
        undefined,
        {},
        /'x' is in the request twice/,
      ],
      [
        "no shape",
        { inputs: [{ name: "x", datatype: "UINT8", data: [1] }] },
        undefined,
        {},
        /shape: expected a JSON array, got nothing/,
      ],
      [
        "a shape beyond counting",
        { inputs: [{ ...one, shape: [2 ** 40, 2 ** 40], data: [1] }] },
        undefined,
        {},
        /more elements than can be counted/,
      ],
      [
        "a huge shape of few bytes",
        { inputs: [{ ...one, shape: [2 ** 40], parameters: { binary_data_size: 1 } }] },
        Buffer.of(1),
        {},
        /expected 1099511627776 bytes/,
      ],
      [
        "a number out of range",
        { inputs: [{ ...one, data: [256] }] },
        undefined,
        {},
        /element 0 is not a valid UINT8: 256/,
      ],
      [
        "an overflow",
        '{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1e39]}]}',
        undefined,
        {},
        /not a valid FP32/,
      ],
      [
        "a datatype of no kind",
        { inputs: [{ ...one, datatype: "FP8", data: [1] }] },
        undefined,
        {},
        /unknown datatype 'FP8'/,
      ],
      [
        "BYTES that run over",
        { inputs: [{ ...one, datatype: "BYTES", parameters: { binary_data_size: 5 } }] },
        Buffer.of(9, 0, 0, 0, 1),
        {},
        /runs over the end/,
      ],
      [
        "arrays without end",
        `{"inputs":${"[".repeat(40_000)}${"]".repeat(40_000)}}`,
        undefined,
        {},
        /expected a JSON object, got an array of 1/,
      ],
    ])("with %s are refused with 400", async (_name, json, binary, headers, message) => {
      const answer = await infer(json, binary, headers);
      expect(answer).toMatchObject({ code: 400, headers: { "wirebench-status": "INVALID_ARGUMENT" } });
      expect(errorOf(answer)).toMatch(message);
      expect((await infer({ inputs: [] })).code).toBe(200);
    });

    it("with a header length that is none are refused with 400 when they come compressed, too", async () => {
      const packed = gzipSync(JSON.stringify({ inputs: [] }));
      const headers = { "content-encoding": "gzip", [HEADER_LENGTH]: "x" };
      const answer = await send("POST", INFER, packed, headers);
      expect(answer).toMatchObject({ code: 400, headers: { "wirebench-status": "INVALID_ARGUMENT" } });
      expect(errorOf(answer)).toMatch(/the length of the JSON part is not a number of bytes/);
    });

    it("that point into shared memory are refused with 501", async () => {
      const answer = await infer({ inputs: [{ ...one, parameters: { shared_memory_region: "r" } }] });
      expect(answer).toMatchObject({
        code: 501,
        json: { error: "tensor 'x': shared memory is not supported" },
      });
    });

    it.each(["", ";;;", "text/html; charset=nonsense", "application/json"])(
      "are taken with content type '%s'",
      async (type) => {
        const headers = { "content-type": type };
        expect((await infer({ inputs: [{ ...one, data: [1] }] }, undefined, headers)).code).toBe(200);
      },
    );

    it("a raw binary one may be empty where the input may", async () => {
      const answer = await send("POST", INFER, "", { [HEADER_LENGTH]: 0, "content-length": 0 });
      expect(answer).toMatchObject({ code: 200, json: { outputs: [{ name: "input", shape: [1, 0] }] } });
    });

    it("are read when they come in chunks, and refused when two lengths contradict each other", async () => {
      const body = JSON.stringify({ inputs: [{ ...one, data: [1] }], parameters: BINARY_ANSWER });
      const chunked = `POST ${INFER} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n`;
      const chunks = `5\r\n${body.slice(0, 5)}\r\n${(body.length - 5).toString(16)}\r\n${body.slice(5)}\r\n0\r\n\r\n`;
      expect(await exchangeBytes(endpoint(), chunked + chunks, /"echo"/)).toMatch(/^HTTP\/1\.1 200 /);
      const both = chunked.replace("\r\n\r\n", "\r\ncontent-length: 3\r\n\r\n");
      expect(await exchangeBytes(endpoint(), both + chunks)).toMatch(/^HTTP\/1\.1 400 /);
    });

    it("are asked for only when they are within the limit", async () => {
      const head = `POST ${INFER} HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n`;
      expect(await exchangeBytes(endpoint(), `${head}content-length: 9\r\n\r\n`, /\r\n\r\n/)).toBe(
        "HTTP/1.1 100 Continue\r\n\r\n",
      );
      const refused = await exchangeBytes(endpoint(), `${head}content-length: ${LIMIT_BYTES + 1}\r\n\r\n`);
      expect(refused).toMatch(/^HTTP\/1\.1 413 /);
      expect(refused).toMatch(/\{"error":"the body has 100001 bytes or more, over the limit of 100000"\}$/);
    });
  });

  it.each([
    ["no HTTP at all", "GARBAGE\r\n\r\n", 400],
    ["a length that is none", `POST ${INFER} HTTP/1.1\r\nhost: x\r\ncontent-length: x\r\n\r\n`, 400],
    ["headers without end", `GET /v2 HTTP/1.1\r\nhost: x\r\nx: ${"a".repeat(70_000)}\r\n\r\n`, 431],
  ])("answers %s in the form of every error, and ends the connection", async (_name, bytes, code) => {
    const text = await exchangeBytes(endpoint(), bytes);
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${code} `));
    const json = JSON.parse(text.slice(text.indexOf("\r\n\r\n"))) as object;
    expect(json).toEqual({ error: expect.stringMatching(/^not a valid HTTP request: /) as string });
  });

  describe("the repository", () => {
    const index = async (body?: string): Promise<Map<string, object>> => {
      const answer = await send("POST", "/v2/repository/index", body);
      expect(answer.code).toBe(200);
      return new Map((answer.json as { name: string }[]).map((entry) => [entry.name, entry]));
    };

    it("is listed, all of it or what is ready, and changes with load and unload", async () => {
      const first = await index();
      expect(first.get("echo")).toEqual({ name: "echo", version: "1", state: "READY" });
      expect(first.get("spare")).toEqual({ name: "spare", version: "1" });
      expect((await index('{"ready":true}')).has("spare")).toBe(false);
      expect((await index('{"ready":false}')).has("spare")).toBe(true);

      const loaded = await send("POST", "/v2/repository/models/spare/load");
      expect(loaded).toMatchObject({ code: 200, headers: { "content-length": "0" } });
      expect((await index('{"ready":true}')).get("spare")).toMatchObject({ state: "READY" });
      const ask = JSON.stringify({ inputs: [], parameters: BINARY_ANSWER });
      expect((await send("POST", "/v2/models/spare/infer", ask)).code).toBe(200);

      const body = '{"parameters":{"unload_dependents":true}}';
      expect((await send("POST", "/v2/repository/models/spare/unload", body)).code).toBe(200);
      expect((await index()).get("spare")).toEqual({
        name: "spare",
        version: "1",
        state: "UNAVAILABLE",
        reason: "unloaded",
      });
      expect((await send("GET", "/v2/models/spare/ready")).code).toBe(400);
      expect((await send("POST", "/v2/models/spare/infer", ask)).code).toBe(404);
    });

    it.each([
      ["models/nobody/load", "", 404, /unknown model 'nobody'/],
      ["models/nobody/unload", "", 404, /unknown model 'nobody'/],
      ["models/broken/load", "{}", 400, new RegExp(BROKEN)],
      ["models/echo/load", '{"parameters":{"config":"{}"}}', 501, /'config' is not supported/],
      [
        "models/echo/load",
        '{"parameters":{"file:1/model.onnx":"AA=="}}',
        501,
        /'file:1\/model.onnx' is not supported/,
      ],
      ["models/echo/load", '{"parameters":[]}', 400, /parameters: expected a JSON object/],
      [
        "models/echo/unload",
        '{"parameters":{"unload_dependents":1}}',
        400,
        /unload_dependents: expected true or false/,
      ],
      ["models/echo/load", "[", 400, /not JSON/],
      ["index", '{"ready":"yes"}', 400, /ready: expected true or false/],
      ["other/index", "", 501, /there is no repository 'other'/],
      ["other/models/echo/load", "", 501, /there is no repository 'other'/],
      ["index", " ".repeat(LIMIT_BYTES + 1), 413, /over the limit/],
      // Within the limit of bodies, and too much to be parsed between sockets.
      ["index", " ".repeat(65_537), 413, /over the limit of 65536/],
      // A load with files: what is wrong is not how large they are.
      ["models/echo/load", " ".repeat(65_537), 501, /more than 65536 bytes is not supported: models and/],
      ["models/echo/load", " ".repeat(LIMIT_BYTES + 1), 501, /more than 65536 bytes is not supported/],
    ])("refuses %s %s with %d", async (path, body, code, message) => {
      const answer = await send("POST", `/v2/repository/${path}`, body);
      expect(answer.code).toBe(code);
      expect(errorOf(answer)).toMatch(message);
      expect((await send("GET", "/v2/models/echo/ready")).code).toBe(200);
    });
  });

  it.each([
    ["GET", "/v2/systemsharedmemory/status", /system shared memory/],
    ["POST", "/v2/systemsharedmemory/region/r/register", /system shared memory/],
    ["POST", "/v2/systemsharedmemory/unregister", /system shared memory/],
    ["GET", "/v2/cudasharedmemory/region/r/status", /CUDA shared memory/],
    ["POST", "/v2/cudasharedmemory/region/r/unregister", /CUDA shared memory/],
    ["GET", "/v2/trace/setting", /tracing/],
    ["POST", "/v2/models/echo/trace/setting", /tracing/],
    ["GET", "/v2/logging", /log/],
  ])("%s %s is 501 with a text", async (method, path, what) => {
    const answer = await send(method, path, method === "POST" ? '{"key":"/k","byte_size":9}' : undefined);
    expect(answer).toMatchObject({ code: 501, headers: { "wirebench-status": "UNIMPLEMENTED" } });
    expect(errorOf(answer)).toMatch(what);
    expect(errorOf(answer)).toMatch(/is not supported$/);
  });

  it("tells each infer request that was answered, good or bad", async () => {
    served.length = 0;
    const body = JSON.stringify({ id: "a", inputs: [], parameters: BINARY_ANSWER });
    const good = await send("POST", "/v2/models/echo/versions/1/infer", body);
    await send("POST", "/v2/models/nobody/infer", body);
    await send("POST", INFER, Buffer.alloc(LIMIT_BYTES + 1));
    await send("GET", "/v2");
    const common = { transport: "http", client: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string };
    expect(served).toEqual([
      {
        ...common,
        modelName: "echo",
        modelVersion: "1",
        id: "a",
        status: "OK",
        requestBytes: body.length,
        responseBytes: good.body.byteLength,
        parameters: expect.objectContaining({ wirebench_infer_ns: expect.any(Number) as number }) as object,
      },
      {
        ...common,
        modelName: "nobody",
        modelVersion: "",
        id: "",
        status: "NOT_FOUND",
        requestBytes: body.length,
        responseBytes: 0,
      },
      {
        ...common,
        modelName: "echo",
        modelVersion: "",
        id: "",
        status: "RESOURCE_EXHAUSTED",
        requestBytes: 0,
        responseBytes: 0,
      },
    ]);
  });
});
