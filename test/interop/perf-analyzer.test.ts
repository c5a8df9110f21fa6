import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OurServer, startOurServer } from "./our-server.ts";
import { PROGRAMS, runWell } from "./peer-programs.ts";

/** perf_analyzer's ways to a server. */
const WAYS = [
  { way: "HTTP", scheme: "http", args: ["-i", "http"] },
  { way: "gRPC", scheme: "grpc", args: ["-i", "grpc"] },
  { way: "gRPC streaming", scheme: "grpc", args: ["-i", "grpc", "--streaming"] },
] as const;

const MODELS = [
  { model: "identity", shape: "input:1024", requests: 400 },
  { model: "identity", shape: "input:1769472", requests: 40 },
  { model: "null", shape: "input:1024", requests: 400 },
  { model: "m1-small", shape: "input:1,608,968,3", requests: 8 },
] as const;

describe("perf_analyzer, unmodified, against our server", () => {
  let server: OurServer;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "wirebench-perf-"));
    server = await startOurServer(["http", "grpc"], ["--model", "identity,null,m1-small"]);
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
    await server.stop();
  });

  describe.each(WAYS)("over $way", ({ way, scheme, args }) => {
    it.each(MODELS)("measures $model with $shape", async ({ model, shape, requests }) => {
      const csv = join(folder, `${way}-${model}-${shape.replace(/\D/g, "-")}.csv`);
      const load = ["--concurrency-range", "2", "--request-count", String(requests), "-f", csv];
      await runWell(PROGRAMS.perfAnalyzer, [
        "-m",
        model,
        "-u",
        server.address(scheme),
        "--shape",
        shape,
        ...args,
        ...load,
      ]);
      const [head = "", row = ""] = (await readFile(csv, "utf8")).split("\n");
      const value = (column: string) => Number(row.split(",")[head.split(",").indexOf(column)]);
      expect(value("Inferences/Second")).toBeGreaterThan(0);
      expect(value("p50 latency")).toBeGreaterThan(0);
      // From our statistics, taken before and after.
      expect(value("Server Compute Infer")).toBeGreaterThanOrEqual(0);
    });
  });
});
