import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createModel, GraphBuilder } from "../../dist/serving/onnx/graph-builder.js";
import { writeModel } from "../../dist/serving/onnx/model-file.js";
import { type TinyModels, writeTinyModels } from "./serving/tiny-models.ts";
import { type Ended, ROOT, readCsv, temporaryFolder } from "./wirebench.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let models: TinyModels;

/** `colours`: the mean of each channel of pictures, as scores; its batch is free. */
function writeColours(dir: string): void {
  const graph = new GraphBuilder("m/");
  graph.input("input", "UINT8", ["batch", 24, 32, 3]);
  const floats = graph.op("Cast", ["input"], { to: 1 });
  graph.op("ReduceMean", [floats], { axes: [1, 2], keepdims: 0 }, "scores_out");
  graph.output("scores_out", "FP32", ["batch", 3]);
  mkdirSync(join(dir, "colours/1"), { recursive: true });
  writeFileSync(join(dir, "colours/1/model.onnx"), writeModel(createModel(graph.graph("colours"), 17)));
  const wirebench = { recipe: { layout: "nhwc", answer: "top-k", topK: 2 } };
  writeFileSync(
    join(dir, "colours/config.json"),
    JSON.stringify({ name: "colours", max_batch_size: 4, wirebench }),
  );
}

beforeAll(async () => {
  folder = await temporaryFolder();
  models = writeTinyModels();
  writeColours(models.dir);
});
afterAll(async () => {
  models.remove();
  await folder.remove();
});

function runScript(name: string, args: readonly string[]): Promise<Ended> {
  return runFile(`overhead/${name}`, ["--repository", models.dir, ...args]);
}

function runFile(name: string, args: readonly string[]): Promise<Ended> {
  const file = join(ROOT, "test", `${name}.mjs`);
  return new Promise((resolve) => {
    const done = (error: Error | null, stdout: string, stderr: string): void => {
      resolve({ code: error === null ? 0 : Number((error as { code?: unknown }).code), stdout, stderr });
    };
    execFile(process.execPath, [file, ...args], { cwd: ROOT }, done);
  });
}

describe("bench:batching", () => {
  it("gives throughput with and without batching, and the ratio with its interval", async () => {
    const args = ["--model", "colours", "--transport", "local,grpc", "--rounds", "1", "--seconds", "1"];
    const ended = await runScript("batching", [...args, "--outstanding", "6", "--max-batch", "3"]);
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stdout).toMatch(
      /^colours, 6 requests outstanding, batches of up to 3 .* 2 pairs of runs of 1 s/,
    );
    for (const transport of ["local", "grpc"]) {
      const row = ended.stdout.split("\n").find((line) => line.startsWith(transport)) ?? "";
      expect(row).toMatch(/ [\d.]+ \[[\d.]+, [\d.]+\] +[\d.]+ .* the same$/);
      const batch = Number(/\] +([\d.]+)/.exec(row)?.[1]);
      expect(batch).toBeGreaterThan(1);
      expect(batch).toBeLessThanOrEqual(3);
    }
    const result: unknown = JSON.parse(ended.stdout.trim().split("\n").at(-1) ?? "");
    expect(result).toMatchObject({ local: { ratio: expect.any(Number) }, grpc: { low: expect.any(Number) } });
  });

  it.each([
    [["--model", "slow"], /'slow' has no recipe for pictures/],
    [["--model", "classes"], /'classes' takes one picture a run/],
    [["--model", "none"], /unknown model 'none'/],
    [["--outstanding", "0"], /--outstanding: expected a whole number from 1 to 256, got '0'/],
    [["--transport", "pigeon"], /--transport: expected some of local, http, grpc, mqtt, got 'pigeon'/],
    [["--speed"], /--speed/],
  ])("%j is one clear line and exit code 2", async (args, says) => {
    const { code, stderr } = await runScript("batching", args);
    expect(stderr).toMatch(says);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(code).toBe(2);
  });
});

describe("bench:models", () => {
  it("measures every model that takes pictures, and names those that do not", async () => {
    const out = join(folder.path, "results");
    const ended = await runScript("models", ["--seconds", "1", "--repetitions", "1", "--out", out]);
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stderr).toMatch(/left out broken: .*not an ONNX model/);
    expect(ended.stderr).toMatch(/left out double: its recipe is raw/);
    expect(ended.stderr).toMatch(/not generated yet .*m1-small/);
    expect(ended.stdout).toMatch(/^model +picture +M params +M MACs +MB +published +bare +local +grpc/m);
    const [results = ""] = readdirSync(out);
    const rows = readCsv(join(out, results, "models.csv"));
    expect(rows.map((row) => row["model"])).toEqual(["classes", "colours"]);
    for (const row of rows) {
      expect(row).toMatchObject({ weights: "trained", published_bytes: "" });
      for (const kind of ["bare", "local", "grpc"]) expect(Number(row[`${kind}_p50_ms`])).toBeGreaterThan(0);
    }
    expect(rows[1]).toMatchObject({ width_px: "32", height_px: "24" });
  });

  it.each([
    [["--model", "none"], /unknown model 'none'/],
    [["--model", "double"], /'double' has no recipe/],
    [["--threads", "two"], /--threads: expected a whole number/],
  ])("%j is one clear line and exit code 2", async (args, says) => {
    const { code, stderr } = await runScript("models", args);
    expect(stderr).toMatch(says);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(code).toBe(2);
  });
});

describe.each(["overhead/served", "peers/instruments", "peers/triton"])("test/%s.mjs", (name) => {
  it("says how it is used", async () => {
    const { code, stdout, stderr } = await runFile(name, ["--help"]);
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^Usage: npm run bench:\w+/m);
    expect(code).toBe(0);
  });

  it.each([["--frobnicate"], ["--blocks", "x"], ["--frame", "wide"]])(
    "ends with one line at %s",
    async (...args) => {
      const { code, stdout, stderr } = await runFile(name, args);
      expect(stderr).toMatch(/^bench:\w+: .*\(see --help\)\n$/);
      expect(stdout).toBe("");
      expect(code).toBe(2);
    },
  );
});
