import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { InferenceServer } from "../../dist/core/transport.js";
import { createMetrics } from "../../dist/serving/metrics.js";
import { createGrpcTransport } from "../../dist/transports/grpc/index.js";
import { createHttpTransport } from "../../dist/transports/http/index.js";
import { serveMetrics } from "../../dist/transports/http/serve-metrics.js";
import { infer, requestOf } from "./conformance-bed.ts";
import { createFakeCore } from "./fake-core.ts";
import { sendByHand } from "./http-by-hand.ts";

const TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8";

describe("metrics", () => {
  const servers: InferenceServer[] = [];
  let http = "";
  let grpc = "";
  let alone = "";

  beforeAll(async () => {
    const core = createFakeCore();
    const metrics = createMetrics(core);
    const options = {
      host: "127.0.0.1",
      port: 0,
      maxPayloadBytes: 1_000_000,
      tuning: "tuned",
      onServed: metrics.observe,
      metrics,
    } as const;
    servers.push(
      await createHttpTransport().serve(core, options),
      await createGrpcTransport().serve(core, options),
      await serveMetrics(metrics, { host: "127.0.0.1", port: 0 }),
    );
    [http = "", grpc = "", alone = ""] = servers.map(({ endpoint }) => endpoint);
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.close()));
  });

  const read = async (endpoint: string, path = "/metrics"): Promise<string> => {
    // What Prometheus asks for: one format that it prefers, and the one that there is.
    const accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";
    const answer = await sendByHand(endpoint, { method: "GET", path, headers: { accept } });
    expect(answer).toMatchObject({ code: 200, headers: { "content-type": TEXT_FORMAT } });
    return answer.body.toString();
  };
  const counted = (text: string, series: string): number => {
    const line = text.split("\n").find((each) => each.startsWith(`${series} `));
    return line === undefined ? 0 : Number(line.slice(series.length));
  };

  it("are on the HTTP port and on one of their own, and nothing else is there", async () => {
    for (const endpoint of [http, alone]) {
      for (const path of ["/metrics", "/metrics/"]) {
        const text = await read(endpoint, path);
        expect(counted(text, 'nv_inference_exec_count{model="echo",version="1"}')).toBe(3);
        expect(counted(text, 'nv_inference_queue_duration_us{model="echo",version="1"}')).toBe(0);
      }
      expect((await sendByHand(endpoint, { method: "POST", path: "/metrics" })).code).toBe(405);
    }
    expect(await sendByHand(alone, { method: "GET", path: "/v2" })).toMatchObject({
      code: 404,
      json: { error: "no such path: GET /v2" },
    });
  });

  it.each(["http", "grpc"] as const)("count what %s answers, and how long its stages took", async (name) => {
    const transport = name === "http" ? createHttpTransport() : createGrpcTransport();
    const client = await transport.connect(name === "http" ? http : grpc, {
      maxPayloadBytes: 1_000_000,
      tuning: "tuned",
      encoding: "binary",
    });
    for (let i = 0; i < 3; i++) await infer(client, requestOf("echo", Uint8Array.of(1)));
    await expect(infer(client, requestOf("nobody", Uint8Array.of(1)))).rejects.toMatchObject({
      status: "NOT_FOUND",
    });
    await client.close();
    const text = await read(http);
    const labels = `transport="${name}",model="echo"}`;
    expect(counted(text, `wirebench_requests_total{transport="${name}",status="OK"}`)).toBe(3);
    expect(counted(text, `wirebench_requests_total{transport="${name}",status="NOT_FOUND"}`)).toBe(1);
    expect(counted(text, `wirebench_request_seconds_count{${labels}`)).toBe(3);
    for (const stage of ["server_decode", "queue", "infer", "server_encode"]) {
      expect(counted(text, `wirebench_stage_seconds_count{stage="${stage}",${labels}`)).toBe(3);
    }
    const whole = counted(text, `wirebench_request_seconds_sum{${labels}`);
    expect(whole).toBeGreaterThan(0);
    expect(whole).toBeLessThan(30);
    expect(text).not.toContain("nobody");
  });

  it("are refused a port that is taken", async () => {
    const port = Number(new URL(http).port);
    const source = { page: () => Promise.reject(new Error("never asked")) };
    await expect(serveMetrics(source, { host: "127.0.0.1", port })).rejects.toMatchObject({
      status: "UNAVAILABLE",
      message: expect.stringMatching(/address already in use$/) as string,
    });
  });

  it("that cannot be had are an error of the server, in one line", async () => {
    const source = { page: () => Promise.reject(new Error("a\ndefect")) };
    const server = await serveMetrics(source, { host: "127.0.0.1", port: 0 });
    const answer = await sendByHand(server.endpoint, { method: "GET", path: "/metrics" });
    expect(answer).toMatchObject({ code: 500, json: { error: "a defect" } });
    await server.close();
  });
});
