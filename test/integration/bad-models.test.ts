import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createModel, GraphBuilder } from "../../dist/serving/onnx/graph-builder.js";
import { writeModel } from "../../dist/serving/onnx/model-file.js";
import { type TinyModels, writeTinyModels } from "./serving/tiny-models.ts";
import { type Ended, ROOT, run, temporaryFolder } from "./wirebench.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let models: TinyModels;
const path = (name: string): string => join(folder.path, name);

/** Writes a net to add (`<name>.onnx`), and into the repository as somebody would who copies it there. */
function writeNet(name: string, build: (graph: GraphBuilder) => void): void {
  const graph = new GraphBuilder("n/");
  build(graph);
  const bytes = writeModel(createModel(graph.graph(name), 17));
  writeFileSync(path(`${name}.onnx`), bytes);
  mkdirSync(join(models.dir, name, "1"), { recursive: true });
  writeFileSync(join(models.dir, name, "1", "model.onnx"), bytes);
}

beforeAll(async () => {
  folder = await temporaryFolder();
  models = writeTinyModels();
  const shape = [1, 8, 8, 3];
  writeNet("two", (graph) => {
    const inputs = ["left", "right"].map((name) => graph.input(name, "FP32", shape));
    graph.op("Add", inputs, {}, "sum");
    graph.output("sum", "FP32", shape);
  });
  writeNet("odd", (graph) => {
    graph.op("NoSuchOperator", [graph.input("x", "FP32", shape)], {}, "y");
    graph.output("y", "FP32", shape);
  });
  writeNet("net", (graph) => {
    graph.op("Relu", [graph.input("x", "FP32", shape)], {}, "y");
    graph.output("y", "FP32", shape);
  });
  writeFileSync(path("nchw.json"), '{ "layout": "nchw", "answer": "argmax" }');
  writeFileSync(path("ranks.json"), '{ "layout": "nhwc", "answer": "top-k" }');
  writeFileSync(path("comma.json"), '{ "layout": "nhwc", }');
});
afterAll(async () => {
  models.remove();
  await folder.remove();
});

function expectOneLine({ code, stderr }: Ended, says: RegExp): void {
  expect(code, stderr).toBe(2);
  const lines = stderr.split("\n").filter((line) => line.startsWith("wirebench: "));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(says);
  expect(stderr).not.toMatch(/\n\s+at /);
}

describe("models add: one clear line, exit code 2, nothing added", () => {
  const cases: readonly (readonly [what: string, args: () => readonly string[], says: RegExp])[] = [
    ["an unknown operator", () => [path("odd.onnx")], /odd\.onnx: .*NoSuchOperator/],
    ["two inputs", () => [path("two.onnx")], /two\.onnx: has 2 inputs \(left, right\), expected one/],
    [
      "a recipe whose layout does not fit",
      () => [path("net.onnx"), "--recipe", path("nchw.json")],
      /net\.onnx: the recipe does not fit the model: layout nchw expects 3 channels, input 'x' is FP32/,
    ],
    [
      "a recipe whose answer does not fit",
      () => [path("net.onnx"), "--recipe", path("ranks.json")],
      /net\.onnx: .*no output can give 'top-k', found 'y' FP32 \[1, 8, 8, 3\]/,
    ],
    [
      "a size that does not fit",
      () => [path("net.onnx"), "--size", "10x10"],
      /net\.onnx: .*size 10x10, but input 'x' is FP32 \[1, 8, 8, 3\]/,
    ],
    [
      "a recipe that is no JSON",
      () => [path("net.onnx"), "--recipe", path("comma.json")],
      /comma\.json: no JSON/,
    ],
    ["a recipe that is missing", () => [path("net.onnx"), "--recipe", path("no.json")], /no\.json.*ENOENT/],
    ["a file that is missing", () => [path("no.onnx")], /no\.onnx: .*no such file/],
  ];
  it.each(cases)("%s", async (_what, args, says) => {
    const repository = path("added");
    expectOneLine(await run(["models", "add", ...args(), "--repository", repository]), says);
    expect(existsSync(repository) ? readdirSync(repository) : []).toEqual([]);
  });
});

describe("a model in the repository that cannot be used: one clear line, exit code 2", () => {
  const input = ["--input", "synthetic"];
  const cases: readonly (readonly [what: string, model: string, args: readonly string[], says: RegExp])[] = [
    ["an unknown operator", "odd", [], /model 'odd'.*NoSuchOperator/],
    ["two inputs", "two", [], /model 'two' has 2 inputs/],
    ["a file that is no ONNX", "broken", [], /broken.*not an ONNX model/],
  ];
  it.each(cases)("infer: %s", async (_what, model, args, says) => {
    const out = path("no-infer");
    const where = ["--model", model, "--repository", models.dir, "--out", out];
    expectOneLine(await run(["infer", ...where, ...input, ...args]), says);
    expect(existsSync(out)).toBe(false);
  });
  it.each([
    ...cases,
    [
      "a recipe that does not fit",
      "classes",
      ["--recipe", "ranks.json"],
      /model 'classes': the recipe does not fit the model/,
    ] as const,
  ])("bench: %s", async (_what, model, args, says) => {
    const out = path("no-bench");
    const where = ["--model", model, "--repository", models.dir, "--out", out, "--transport", "local"];
    const own = args.map((arg) => (arg.endsWith(".json") ? path(arg) : arg));
    expectOneLine(await run(["bench", ...where, ...input, ...own, "--encoding", "binary", "--quick"]), says);
    expect(existsSync(out)).toBe(false);
  });
});

/** Runs the command line where no file may become larger than 1 MiB: to a writer that is a disk that is full. */
function runOnSmallDisk(args: readonly string[]): Promise<Ended> {
  // POSIX counts in blocks of 512 bytes.
  const script = 'ulimit -f 2048; exec "$@"';
  const command = [process.execPath, join(ROOT, "dist/cli/main.js"), ...args];
  return new Promise((resolve) => {
    execFile("/bin/sh", ["-c", script, "sh", ...command], { cwd: ROOT }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

describe("a full disk: one clear line, exit code 2, nothing half-written", () => {
  it("while a model is generated, by command or at first use", async () => {
    const repository = path("small-disk");
    const says = /model 'm1-small' cannot be written to .*small-disk: /;
    const generated = await runOnSmallDisk(["models", "generate", "m1-small", "--repository", repository]);
    expectOneLine(generated, says);
    expect(readdirSync(repository)).toEqual([]);
    const use = ["--model", "m1-small", "--repository", repository, "--input", "synthetic"];
    expectOneLine(await runOnSmallDisk(["infer", ...use, "--out", path("small-out")]), says);
    expect(readdirSync(repository)).toEqual([]);
    expect(existsSync(path("small-out"))).toBe(false);
    const listed = await run(["models", "--repository", repository]);
    expect(listed.stdout).toMatch(/m1-small \*/);
  });

  it("while answers are written", async () => {
    const out = path("small-answers");
    const use = [
      "--model",
      "classes",
      "--repository",
      models.dir,
      "--input",
      "synthetic",
      "--size",
      "1900x1200",
    ];
    expectOneLine(await runOnSmallDisk(["infer", ...use, "--out", out]), /cannot be written: /);
    expect(existsSync(out)).toBe(false);
  });
});
