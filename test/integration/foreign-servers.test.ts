import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createModel, GraphBuilder } from "../../dist/serving/onnx/graph-builder.js";
import { writeModel } from "../../dist/serving/onnx/model-file.js";
import { type ForeignServer, type Manner, startForeignServer } from "../conformance/foreign-server.ts";
import { type Ended, folderOf, readCsv, run, start, temporaryFolder } from "./wirebench.ts";

const SHORT = ["--input", "synthetic", "--requests", "16", "--warmup", "0", "--repetitions", "2"];

interface Reported {
  readonly notes: readonly string[];
  readonly cells: readonly { readonly runs: readonly { readonly notes: readonly string[] }[] }[];
}

const rowOf = (ended: Ended) => readCsv(join(folderOf(ended), "summary.csv"))[0] ?? {};
const reportOf = (ended: Ended): Reported =>
  JSON.parse(readFileSync(join(folderOf(ended), "report.json"), "utf8")) as Reported;
const runNotesOf = (ended: Ended): string => (reportOf(ended).cells[0]?.runs[0]?.notes ?? []).join("\n");

/** A file that answers `factor` times its input, as the server's model does for 2. */
async function writeScale(path: string, factor: number): Promise<void> {
  const builder = new GraphBuilder("t/");
  const x = builder.input("x", "FP32", ["batch", 4]);
  builder.op("Mul", [x, builder.floats([factor])], {}, "y");
  builder.output("y", "FP32", ["batch", 4]);
  await writeFile(path, writeModel(createModel(builder.graph("scale"), 17)));
}

describe("bench --url of a foreign server", () => {
  let out: Awaited<ReturnType<typeof temporaryFolder>>;
  let server: ForeignServer | undefined;
  beforeAll(async () => {
    out = await temporaryFolder();
    await writeScale(join(out.path, "double.onnx"), 2);
    await writeScale(join(out.path, "triple.onnx"), 3);
  });
  beforeEach(() => {
    server = undefined;
  });
  afterEach(() => server?.close());
  afterAll(() => out.remove());

  const serve = async (manner: Manner): Promise<ForeignServer> => {
    server = await startForeignServer(manner);
    return server;
  };
  const bench = (url: string, ...args: string[]) =>
    run(["bench", "--out", out.path, "--url", url, ...SHORT, ...args]);

  it("reads Triton's signature and statistics, and checks its answers against a local run", async () => {
    const { http, seen } = await serve("triton");
    const ended = await bench(
      http,
      ...["--model", "double", "--encoding", "binary,json", "--shape", "x:3,4"],
      ...["--reference", join(out.path, "double.onnx")],
    );
    expect(ended.code, ended.stderr + ended.stdout).toBe(0);
    expect(new Set(seen)).toEqual(new Set(["binary x[3,4]", "json x[3,4]"]));
    for (const row of readCsv(join(folderOf(ended), "summary.csv"))) {
      expect(row).toMatchObject({
        input: "synthetic@3x4",
        placement: "server",
        ok: "32",
        answer_check: "identical",
        stage_queue_mean_ms: "1",
        stage_server_preprocess_mean_ms: "2",
        stage_infer_mean_ms: "3",
        stage_server_postprocess_mean_ms: "4",
        stage_infer_p50_ms: "",
        stage_infer_p99_ms: "",
        stage_infer_tail_mean_ms: "",
        stage_server_decode_mean_ms: "",
        stage_uplink_mean_ms: "",
        unaccounted_mean_ms: "",
      });
    }
    expect(runNotesOf(ended)).toMatch(
      /means from the server's own cumulative statistics.*: 16 requests, the requests of this run/,
    );
    const notes = reportOf(ended).notes.join("\n");
    expect(notes).toContain("is triton 2.51.0 (extensions: binary_tensor_data, statistics)");
    expect(notes).toContain("model 'double' (python): 'x' FP32 [-1, 4] → 'y' FP32 [-1, -1]");
  });

  it("finds out a server that runs another model than the reference", async () => {
    const { grpc } = await serve("triton");
    const ended = await bench(grpc, "--model", "double", "--reference", join(out.path, "triple.onnx"));
    expect(ended.code).toBe(1);
    expect(rowOf(ended)).toMatchObject({ verdict: "INVALID", answer_check: "differs" });
    expect(ended.stdout.replace(/\s+/g, " ")).toContain(
      "The answers differ from the local run of triple.onnx",
    );
  });

  it("finds out a server that contradicts itself, where there is no reference", async () => {
    const { grpc } = await serve("moody");
    const ended = await bench(grpc, "--model", "double");
    expect(ended.code).toBe(1);
    expect(rowOf(ended)).toMatchObject({ verdict: "INVALID", answer_check: "differs" });
    expect(ended.stdout.replace(/\s+/g, " ")).toContain(
      "differ from the first of this bench to the same frames",
    );
  });

  it("compares with the answers of the runs before, too", async () => {
    const { grpc } = await serve("moody");
    const ended = await bench(grpc, "--model", "double", "--requests", "1");
    expect(ended.code, ended.stderr + ended.stdout).toBe(0);
    const runs = readCsv(join(folderOf(ended), "runs.csv"));
    expect(runs.map((run) => run["answer_check"])).toEqual(["unchecked", "differs"]);
  });

  it("finds out a server that contradicts itself in the search for a peak", async () => {
    const { grpc } = await serve("moody");
    const ended = await run([
      ...["peak", "--out", out.path, "--url", grpc, "--model", "double", "--input", "synthetic"],
      ...["--slo", "p50=1s", "--start-rate", "100", "--max-probes", "3", "--no-curve", "--repetitions", "1"],
      ...["--probe-duration", "400ms", "--duration", "500ms", "--warmup", "100ms"],
    ]);
    expect(ended.code, ended.stderr + ended.stdout).toBe(1);
    expect(ended.stdout.replace(/\s+/g, " ")).toContain(
      "The answers differ from the first of this bench to the same frames",
    );
  });

  it("reads the stages of a server of ours from its answers, whatever its shapes", async () => {
    const serving = start(["serve", "--transport", "http", "--model", "identity", "--http-port", "0"]);
    try {
      await serving.wrote("Ctrl-C");
      const url = serving.stdout().trim();
      const ended = await bench(url, "--model", "identity", "--shape", "input:64", "--requests", "100");
      expect(ended.code, ended.stderr + ended.stdout).toBe(0);
      expect(rowOf(ended)).toMatchObject({ input: "synthetic@64", answer_check: "identical" });
      expect(rowOf(ended)["stage_infer_p50_ms"]).toMatch(/\d/);
      expect(runNotesOf(ended)).not.toContain("statistics");
    } finally {
      serving.child.kill("SIGINT");
      await serving.ended;
    }
  });

  it("speaks JSON where the binary extension is not announced, several inputs, no statistics", async () => {
    const { http, seen } = await serve("mlserver");
    const ended = await bench(http, ...["--model", "pair", "--shape", "a:2,3", "--shape", "b:2,3"]);
    expect(ended.code, ended.stderr + ended.stdout).toBe(0);
    expect(new Set(seen)).toEqual(new Set(["json a[2,3],b[2,3]"]));
    expect(rowOf(ended)).toMatchObject({
      encoding: "json",
      answer_check: "identical",
      stage_infer_mean_ms: "",
    });
    expect(reportOf(ended).notes.join("\n")).toContain(
      "does not announce binary_tensor_data: tensors travel as JSON",
    );
    expect(runNotesOf(ended)).toContain("the server has no statistics");
  });

  it.each(["mlserver", "typed"] as const)(
    "takes the gRPC answers of %s, and sends it nothing of our own",
    async (manner) => {
      const { grpc, seen } = await serve(manner);
      const ended = await bench(grpc, "--model", "double");
      expect(ended.code, ended.stderr + ended.stdout).toBe(0);
      expect(rowOf(ended)).toMatchObject({ encoding: "binary", ok: "32", answer_check: "identical" });
      expect(new Set(seen)).toEqual(new Set(["grpc x[1,4]"]));
    },
  );

  it("knows on every connection that a model is decoupled", async () => {
    const { grpc } = await serve("decoupled");
    const ended = await bench(
      grpc.replace("grpc:", "grpc+stream:"),
      ...["--model", "double", "--concurrency", "2", "--connections", "2"],
      ...["--reference", join(out.path, "double.onnx")],
    );
    expect(ended.code, ended.stderr + ended.stdout).toBe(0);
    expect(rowOf(ended)).toMatchObject({ ok: "32", answer_check: "identical" });
  });

  it("says in one line what is wrong before the first request", async () => {
    const { http, grpc } = await serve("mlserver");
    const wrong: readonly (readonly [url: string, args: readonly string[], line: RegExp])[] = [
      [http, ["--model", "nobody"], /^wirebench: model 'nobody' at http:.*is not found$/m],
      [grpc, ["--model", "sleeping"], /^wirebench: model 'sleeping' at grpc:.* is not ready$/m],
      [
        http,
        ["--model", "double,pair", "--reference", "m.onnx"],
        /--reference: one file is one model, got 2/,
      ],
      [http, ["--model", "pair"], /--shape: the input 'a' FP32 \[-1, -1\] has free dimensions/],
      [http, ["--model", "double", "--encoding", "binary"], /does not announce binary_tensor_data/],
      [
        http,
        ["--model", "double", "--reference", "nowhere.onnx"],
        /^wirebench: --reference .*nowhere\.onnx: ENOENT/m,
      ],
      ["http://127.0.0.1:1", ["--model", "double"], /^wirebench: no HTTP server answers at/m],
      ["grpc://127.0.0.1:1", ["--model", "double"], /^wirebench: cannot connect to/m],
    ];
    for (const [url, args, line] of wrong) {
      const { code, stderr } = await bench(url, ...args);
      expect(code, args.join(" ")).toBe(2);
      const said = stderr
        .trim()
        .split("\n")
        .filter((text) => text.startsWith("wirebench: "));
      expect(stderr).not.toContain("    at ");
      expect(said.join("\n"), args.join(" ")).toMatch(line);
    }
  });
});
