import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCsv, run } from "../integration/wirebench.ts";
import { answersOk, freePort, type PeerServer, PROGRAMS, script, startPeer } from "./peer-programs.ts";

interface Foreign {
  readonly peer: PeerServer;
  readonly http: number;
  readonly grpc: number;
}

/** How each server is started on two ports. */
const SERVERS = {
  Triton: async (http: number, grpc: number) =>
    startPeer(
      PROGRAMS.triton,
      [
        `--model-repository=${script("triton-models")}`,
        ...[`--http-port=${http}`, `--grpc-port=${grpc}`, "--allow-metrics=false"],
      ],
      () => answersOk(`http://127.0.0.1:${http}/v2/health/ready`),
    ),
  MLServer: async (http: number, grpc: number) =>
    startPeer(
      PROGRAMS.mlserver,
      ["start", script("mlserver-models")],
      () => answersOk(`http://127.0.0.1:${http}/v2/models/null/ready`),
      {
        env: {
          MLSERVER_HTTP_PORT: String(http),
          MLSERVER_GRPC_PORT: String(grpc),
          MLSERVER_METRICS_PORT: String(await freePort()),
          MLSERVER_HOST: "127.0.0.1",
          MLSERVER_PARALLEL_WORKERS: "0",
          PYTHONDONTWRITEBYTECODE: "1",
        },
      },
    ),
  "KServe's Python server": async (http: number, grpc: number) =>
    startPeer(
      PROGRAMS.kservePython,
      [script("kserve_server.py"), `--http_port=${http}`, `--grpc_port=${grpc}`],
      () => answersOk(`http://127.0.0.1:${http}/v2/health/ready`),
      { env: { PYTHONDONTWRITEBYTECODE: "1" } },
    ),
} as const;

/** What our client speaks with each. Encodings are named where the server has more than one. */
const WAYS = [
  { server: "Triton", schemes: ["http", "grpc", "grpc+stream"], encodings: ["binary", "json"] },
  { server: "MLServer", schemes: ["http", "grpc"], encodings: ["json"] },
  { server: "KServe's Python server", schemes: ["http", "grpc", "kserve-v1+http"], encodings: ["json"] },
] as const;

describe.each(WAYS)("our client, measuring $server", ({ server, schemes, encodings }) => {
  let foreign: Foreign;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "wirebench-foreign-"));
    const [http, grpc] = [await freePort(), await freePort()];
    foreign = { http, grpc, peer: await SERVERS[server](http, grpc) };
  });
  afterAll(async () => {
    await foreign?.peer.stop();
    await rm(folder, { recursive: true });
  });

  const cells: readonly { scheme: string; encoding: string; model: string }[] = schemes.flatMap((scheme) =>
    (scheme.startsWith("grpc") ? ["binary"] : encodings).map((encoding) => ({
      scheme,
      encoding,
      model: "identity",
    })),
  );
  it.each([...cells, { scheme: "http", encoding: encodings[0], model: "null" }])(
    "$scheme, $encoding, $model",
    async ({ scheme, encoding, model }) => {
      const port = scheme.startsWith("grpc") ? foreign.grpc : foreign.http;
      const out = await mkdtemp(join(folder, "run-"));
      const what = ["--url", `${scheme}://127.0.0.1:${port}`, "--model", model, "--encoding", encoding];
      const load = ["--input", "synthetic", "--size", "1024", "--duration", "1s", "--warmup", "200ms"];
      const ended = await run([
        "bench",
        ...what,
        ...load,
        "--repetitions",
        "1",
        "--concurrency",
        "2",
        "--out",
        out,
      ]);
      expect(ended, ended.stdout + ended.stderr).toMatchObject({ code: 0 });
      const [results = ""] = readdirSync(out);
      const [row] = readCsv(join(out, results, "summary.csv"));
      expect(row).toMatchObject({
        failed: "0",
        model,
        target: `${scheme}://127.0.0.1:${port}`,
        answer_check: "identical",
      });
      expect(Number(row?.["ok"])).toBeGreaterThan(20);
      const report = JSON.parse(readFileSync(join(out, results, "report.json"), "utf8")) as {
        cells: { runs: { notes: string[] }[] }[];
      };
      expect(report.cells).toHaveLength(1);
      const notes = report.cells[0]?.runs[0]?.notes.join("\n") ?? "";
      if (server === "Triton") {
        expect(Number(row?.["stage_infer_mean_ms"])).toBeGreaterThan(0);
        expect(row?.["stage_infer_p50_ms"]).toBe("");
        expect(notes).toContain("means from the server's own cumulative statistics");
      } else {
        expect(row?.["stage_infer_mean_ms"]).toBe("");
        expect(notes).toContain("the server has no statistics");
      }
    },
  );
});
