import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type InteropModels, writeInteropModels } from "./interop-models.ts";
import { type OurServer, startOurServer } from "./our-server.ts";
import { runProgram } from "./peer-programs.ts";

const HEADER_LENGTH = "Inference-Header-Content-Length";
const FRAME_JSON = JSON.stringify({
  id: "c1",
  inputs: [{ name: "input", shape: [2], datatype: "UINT8", data: [7, 9] }],
});

describe("curl of our server", () => {
  let models: InteropModels;
  let server: OurServer;

  beforeAll(async () => {
    models = await writeInteropModels();
    const repository = ["--model-repository", models.dir, "--model", "identity,times,text"];
    server = await startOurServer(["http", "tfs-http"], repository);
  });
  afterAll(async () => {
    await server?.stop();
    await models.remove();
  });

  const curl = async (
    scheme: string,
    path: string,
    args: readonly string[] = [],
    input?: string | Uint8Array,
  ) => {
    const url = `http://${server.address(scheme)}${path}`;
    const output = await runProgram("curl", ["-sS", "-w", "\n%{http_code}", ...args, url], {
      ...(input === undefined ? {} : { input }),
    });
    if (output.code !== 0) throw new Error(output.stderr);
    const end = output.bytes.lastIndexOf("\n");
    return { code: Number(output.bytes.subarray(end + 1).toString()), body: output.bytes.subarray(0, end) };
  };
  const json = ({ body }: { readonly body: Buffer }): unknown => JSON.parse(body.toString());

  it("is told of health and models", async () => {
    expect((await curl("http", "/v2/health/ready")).code).toBe(200);
    expect(json(await curl("http", "/v2/models/times"))).toMatchObject({
      name: "times",
      versions: ["1", "2"],
    });
    expect((await curl("http", "/v2/models/nobody")).code).toBe(404);
    expect((await curl("http", "/v2/models/identity/infer")).code).toBe(405);
  });

  it("infers with JSON", async () => {
    const answer = await curl("http", "/v2/models/identity/infer", ["--data-binary", "@-"], FRAME_JSON);
    expect(json(answer)).toMatchObject({ id: "c1", outputs: [{ name: "output", data: [7, 9] }] });
  });

  it("infers with gzip both ways", async () => {
    const options = ["-H", "Content-Encoding: gzip", "-H", "Accept-Encoding: gzip", "--data-binary", "@-"];
    const { code, body } = await curl("http", "/v2/models/identity/infer", options, gzipSync(FRAME_JSON));
    expect(code).toBe(200);
    expect(JSON.parse(gunzipSync(body).toString())).toMatchObject({ outputs: [{ data: [7, 9] }] });
  });

  it("infers with the binary extension, and with raw bytes alone", async () => {
    const head = JSON.stringify({
      inputs: [{ name: "input", shape: [2], datatype: "UINT8", parameters: { binary_data_size: 2 } }],
      outputs: [{ name: "output", parameters: { binary_data: true } }],
    });
    const path = "/v2/models/identity/infer";
    const binary = await curl(
      "http",
      path,
      ["-H", `${HEADER_LENGTH}: ${head.length}`, "--data-binary", "@-"],
      Buffer.concat([Buffer.from(head), Buffer.from([7, 9])]),
    );
    expect(binary.body.subarray(-2)).toEqual(Buffer.from([7, 9]));
    const raw = await curl(
      "http",
      path,
      ["-H", `${HEADER_LENGTH}: 0`, "--data-binary", "@-"],
      Buffer.from([4, 5]),
    );
    expect(raw.body.subarray(-2)).toEqual(Buffer.from([4, 5]));
  });

  it("reads Triton's metrics", async () => {
    const { code, body } = await curl("http", "/metrics");
    expect(code).toBe(200);
    expect(body.toString()).toMatch(/^nv_inference_request_success\{[^}]*model="identity"[^}]*\} [1-9]/m);
  });

  it("loads and unloads a model", async () => {
    const model = "/v2/repository/models/text";
    expect((await curl("http", `${model}/unload`, ["-X", "POST"])).code).toBe(200);
    expect((await curl("http", "/v2/models/text/ready")).code).not.toBe(200);
    expect((await curl("http", `${model}/load`, ["-X", "POST"])).code).toBe(200);
    expect((await curl("http", "/v2/models/text/ready")).code).toBe(200);
  });

  it("predicts as from TensorFlow Serving: rows, columns, a version, status, metadata", async () => {
    const predict = async (path: string, body: object) =>
      json(await curl("tfs+http", path, ["--data-binary", "@-"], JSON.stringify(body)));
    expect(await predict("/v1/models/times:predict", { instances: [1, 2] })).toEqual({ predictions: [3, 6] });
    expect(await predict("/v1/models/times/versions/1:predict", { inputs: [1, 2] })).toEqual({
      outputs: [2, 4],
    });
    expect(json(await curl("tfs+http", "/v1/models/times"))).toMatchObject({
      model_version_status: expect.arrayContaining([
        { version: "2", state: "AVAILABLE", status: { error_code: "OK", error_message: "" } },
      ]) as unknown,
    });
    expect(json(await curl("tfs+http", "/v1/models/times/metadata"))).toMatchObject({
      model_spec: { name: "times", version: "2" },
      metadata: {
        signature_def: { signature_def: { serving_default: { inputs: { x: { dtype: "DT_FLOAT" } } } } },
      },
    });
    expect((await curl("tfs+http", "/v1/models/nobody")).code).toBe(404);
  });
});
