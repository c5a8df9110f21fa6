import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { listModels } from "../../../src/serving/list-models.ts";
import { createModelSessions } from "../../../src/serving/model-sessions.ts";
import { createModel, GraphBuilder } from "../../../src/serving/onnx/graph-builder.ts";
import { writeModel } from "../../../src/serving/onnx/model-file.ts";
import { openModel, openVersions } from "../../../src/serving/repository.ts";
import { openServedModel } from "../../../src/serving/served-model.ts";
import { tinyNet } from "./tiny-nets.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "wirebench-configs-"));
});
afterEach(async () => {
  await rm(dir, { recursive: true });
});

/** FP32 `x` [batch, 4] → `y` [batch, 4]. */
function doubleNet(batch: number | string = "batch"): Uint8Array {
  const graph = new GraphBuilder("");
  graph.input("x", "FP32", [batch, 4]);
  graph.op("Mul", ["x", graph.floats([2])], {}, "y");
  graph.output("y", "FP32", [batch, 4]);
  return writeModel(createModel(graph.graph("double"), 17));
}

async function write(files: Readonly<Record<string, string | Uint8Array>>, name = "net"): Promise<void> {
  for (const [file, content] of Object.entries(files)) {
    const full = path.join(dir, name, file);
    await mkdir(path.dirname(full), { recursive: true });
    await writeFile(full, content);
  }
}

const TRITON = `
# A model as it is deployed with Triton: { unbalanced
name: "net"
platform: "onnxruntime_onnx"
max_batch_size: 16
input [ { name: "x" data_type: TYPE_FP32 dims: [ 4 ] } ]
output { name: "y", data_type: TYPE_FP32; dims: 4 label_filename: "classes.txt" }
instance_group [ { count: 2 kind: KIND_CPU }, { count: 1 } ]
dynamic_batching < preferred_batch_size: [ 4, 8 ] max_queue_delay_microseconds: 100 preserve_ordering: true >
version_policy: { specific { versions: [ 2, 3 ] } }
optimization { execution_accelerators { cpu_execution_accelerator: [ { name: "openvino" } ] } }
parameters { key: "execution_mode" value: { string_value: "ensemble_scheduling { }" } }
`;

describe("config.pbtxt", () => {
  it("of a model made for Triton is honoured, and what is passed over is said", async () => {
    await write({
      "config.pbtxt": TRITON,
      "classes.txt": "a\nb\nc\nd\n",
      "1/model.onnx": "no ONNX, and not asked for",
      "2/model.onnx": doubleNet(),
      "3/model.onnx": doubleNet(),
    });
    const lines: string[] = [];
    const files = await openVersions(dir, "net", { onProgress: (line) => lines.push(line) });
    expect(files.map(({ version }) => version)).toEqual(["2", "3"]);
    expect(files[1]).toMatchObject({
      name: "net",
      maxBatchSize: 16,
      instances: 3,
      dynamicBatching: { preferredBatchSizes: [4, 8], maxQueueDelayUs: 100 },
      versionPolicy: { specific: { versions: [2, 3] } },
      outputLabels: { y: ["a", "b", "c", "d"] },
      weights: "trained",
    });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /config\.pbtxt: passed over: optimization, parameters, instance_group\.kind, dynamic_batching\.preserve_ordering$/,
    );
    expect(await openModel(dir, "net")).toMatchObject({ version: "3" });
    expect((await listModels(dir)).find(({ name }) => name === "net")).toMatchObject({ state: "ready" });
  });

  it("says what is passed over at every depth, in lists too", async () => {
    await write({
      "config.pbtxt": `
        dynamic_batching {
          default_queue_policy { timeout_action: REJECT default_timeout_microseconds: 100 }
          priority_queue_policy [ { key: 1 value: { max_queue_size: 2 } } ]
        }
        instance_group [ { count: 1 rate_limiter { resources [ { name: "R1" count: 4 } ] } }, { secondary_devices { } } ]
        metric_tags [ { key: "a" value: "b" } ]`,
      "1/model.onnx": doubleNet(),
    });
    const lines: string[] = [];
    await openModel(dir, "net", { onProgress: (line) => lines.push(line) });
    expect(lines).toEqual([expect.stringMatching(/config\.pbtxt: passed over: /)]);
    expect(lines[0]?.split("passed over: ")[1]?.split(", ")).toEqual([
      "dynamic_batching.default_queue_policy",
      "dynamic_batching.priority_queue_policy",
      "instance_group.rate_limiter",
      "instance_group.secondary_devices",
      "metric_tags",
    ]);
  });

  it("fixes dimensions that the file leaves free", async () => {
    await write({
      "config.pbtxt": 'input { name: "input" dims: [ 1, 6, 8, 3 ] }',
      "1/model.onnx": tinyNet(),
    });
    const free = (await openModel(dir, "net")).signature.inputs[0];
    await write({ "config.pbtxt": "", "1/model.onnx": tinyNet() });
    expect((await openModel(dir, "net")).signature.inputs[0]?.shape).not.toEqual([1, 6, 8, 3]);
    expect(free?.shape).toEqual([1, 6, 8, 3]);
  });

  it("reshapes: clients are told dims, the model is held against the reshape", async () => {
    await write({
      "config.pbtxt": `
        input { name: "x" data_type: TYPE_FP32 dims: [ 2, 2 ] reshape { shape: [ 1, 4 ] } }
        output { name: "y" data_type: TYPE_FP32 dims: [ -1 ] reshape { shape: [ -1, 4 ] } }`,
      "1/model.onnx": doubleNet(),
    });
    await expect(openModel(dir, "net")).rejects.toThrow(/'y': dims \[-1\] cannot be reshaped to \[-1,4\]$/);
    await write({
      "config.pbtxt": `
        input { name: "x" data_type: TYPE_FP32 dims: [ 2, 2 ] reshape { shape: [ 1, 4 ] } }
        output { name: "y" data_type: TYPE_FP32 dims: [ 4 ] reshape { shape: [ 1, 4 ] } }`,
    });
    expect(await openModel(dir, "net")).toMatchObject({
      maxBatchSize: 0,
      recipe: "raw",
      signature: { inputs: [{ name: "x", shape: [2, 2] }], outputs: [{ name: "y", shape: [4] }] },
      reshapes: {
        inputs: [{ name: "x", dims: [2, 2], shape: [1, 4] }],
        outputs: [{ name: "y", dims: [4], shape: [1, 4] }],
      },
    });
  });

  it("reshapes behind the batch, and a model runs so", async () => {
    await write({
      "config.pbtxt": `
        max_batch_size: 4
        input { name: "x" dims: [ 2, 2 ] reshape { shape: [ 4 ] } }
        output { name: "y" dims: [ 4, 1 ] reshape { shape: [ 4 ] } }`,
      "1/model.onnx": doubleNet(),
    });
    const { model, path: file } = await openServedModel(dir, "net");
    expect(model.signature.inputs[0]?.shape).toEqual([-1, 2, 2]);
    expect(model.maxBatchSize).toBe(4);
    const settings = { device: "cpu", intraOpThreads: 1, interOpThreads: 1, allowSpinning: false } as const;
    const sessions = createModelSessions({ model, settings, readModel: () => readFile(file) });
    try {
      const data = new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8).buffer);
      const session = await sessions.open("tensor");
      const [y] = await session.run([{ name: "x", datatype: "FP32", shape: [2, 2, 2], data }]);
      expect(y).toMatchObject({ name: "y", shape: [2, 4, 1] });
      expect([...new Float32Array(new Uint8Array(y!.data).buffer)]).toEqual([2, 4, 6, 8, 10, 12, 14, 16]);
    } finally {
      await sessions.release();
    }
  });

  it("takes another file's name", async () => {
    await write({ "config.pbtxt": 'default_model_filename: "net.onnx"', "1/net.onnx": doubleNet() });
    expect(await openModel(dir, "net")).toMatchObject({ path: path.join(dir, "net", "1", "net.onnx") });
  });

  it("gives way to config.json", async () => {
    await write({
      "config.json": '{"max_batch_size": 2}',
      "config.pbtxt": 'platform: "tensorflow_savedmodel"',
      "1/model.onnx": doubleNet(),
    });
    expect(await openModel(dir, "net")).toMatchObject({ maxBatchSize: 2 });
  });

  it("is not needed", async () => {
    await write({ "1/model.onnx": doubleNet() });
    expect(await openModel(dir, "net")).toMatchObject({ version: "1", maxBatchSize: 0, notes: [] });
  });

  it("says so when the model cannot be batched", async () => {
    await write({ "config.pbtxt": "max_batch_size: 4", "1/model.onnx": doubleNet(1) });
    const lines: string[] = [];
    const file = await openModel(dir, "net", { onProgress: (line) => lines.push(line) });
    expect(file.maxBatchSize).toBe(0);
    expect(lines).toEqual([expect.stringMatching(/max_batch_size 4 is 0: the model's batch is fixed/)]);
  });

  it.each([
    ["no text format", "max_batch_size 4", /config\.pbtxt: expected ':' \(line 1\)$/],
    ["an unknown field", 'name: "net"\nmax_batch: 3', /ModelConfig: unknown field 'max_batch' \(line 2\)/],
    ["an unknown datatype", 'input { name: "x" data_type: TYPE_FP33 }', /enum value expected/],
    [
      "an ensemble",
      'platform: "ensemble" ensemble_scheduling { step [ ] }',
      /platform 'ensemble' cannot be served/,
    ],
    [
      "ensemble scheduling",
      "ensemble_scheduling { step [ { model_name: 'a' } ] }",
      /ensemble_scheduling cannot/,
    ],
    [
      "sequences",
      "sequence_batching { max_sequence_idle_microseconds: 5 }",
      /sequence_batching cannot be honoured/,
    ],
    [
      "another platform",
      'platform: "tensorflow_graphdef"',
      /platform 'tensorflow_graphdef' cannot be served/,
    ],
    ["another backend", 'backend: "python"', /backend 'python' cannot be served; expected onnxruntime$/],
    ["inputs of a batch, as a list", "batch_input [ { } ]", /batch_input cannot be honoured/],
    ["decoupled answers", "model_transaction_policy { decoupled: true }", /decoupled answers cannot/],
    ["a shape tensor", 'input { name: "x" is_shape_tensor: true }', /: input 'x': is_shape_tensor cannot be/],
    [
      "a reshape to another shape than the model's",
      'input { name: "x" dims: [ 1 ] reshape { shape: [ ] } }',
      /: input 'x' has dims \[-1,4\] in the model, not \[\]$/,
    ],
    [
      "a reshape of other elements",
      'max_batch_size: 2 input { name: "x" dims: [ 3 ] reshape { shape: [ 4 ] } }',
      /: input 'x': dims \[3\] cannot be reshaped to \[4\]$/,
    ],
    [
      "an input that is not there",
      'input { name: "z" data_type: TYPE_FP32 dims: 4 }',
      /no input 'z'; there is: x/,
    ],
    [
      "another datatype",
      'output { name: "y" data_type: TYPE_INT8 dims: [ -1, 4 ] }',
      /'y' is TYPE_FP32 in the model, not TYPE_INT8/,
    ],
    [
      "other dims",
      'max_batch_size: 2 input { name: "x" data_type: TYPE_FP32 dims: 5 }',
      /'x' has dims \[4\] in the model \(without the batch\), not \[5\]/,
    ],
    ["dims with the batch", 'max_batch_size: 2 input { name: "x" dims: [ -1, 4 ] }', /not \[-1,4\]/],
    [
      "a version that is not there",
      "version_policy { specific { versions: 7 } }",
      /chooses none of the versions that there are: 1/,
    ],
    [
      "labels that are not there",
      'output { name: "y" label_filename: "no.txt" }',
      /labels .*no\.txt: ENOENT/,
    ],
    [
      "labels elsewhere",
      'output { name: "y" label_filename: "../other/labels.txt" }',
      /is not in the model's folder/,
    ],
    [
      "a path as a name",
      'default_model_filename: "../../model.onnx"',
      /default_model_filename: expected a file's name/,
    ],
  ])("with %s is refused on one line", async (_case, text, message) => {
    await write({ "config.pbtxt": text, "1/model.onnx": doubleNet() });
    const refusal = await openModel(dir, "net").then(
      () => expect.unreachable(),
      (reason: unknown) => reason as { code: string; message: string },
    );
    expect(refusal.code).toBe("ERR_MODEL");
    expect(refusal.message).toMatch(message);
    expect(refusal.message).not.toMatch(/\n/);
  });

  it("of a model of another kind is named as broken in the list", async () => {
    await write({ "config.pbtxt": 'backend: "python"', "1/model.py": "" });
    const listed = (await listModels(dir)).find(({ name }) => name === "net");
    expect(listed).toMatchObject({ state: "broken", problem: expect.stringMatching(/backend 'python'/) });
  });
});

describe("config.json", () => {
  it.each([
    ["an ensemble", { ensemble_scheduling: { step: [{ model_name: "a" }] } }, /ensemble_scheduling cannot/],
    ["another platform", { platform: "pytorch_libtorch" }, /platform 'pytorch_libtorch'/],
    [
      "two policies",
      { version_policy: { all: {}, latest: {} } },
      /version_policy: expected one of latest, all/,
    ],
  ])("with %s is refused too", async (_case, config, message) => {
    await write({ "config.json": JSON.stringify(config), "1/model.onnx": doubleNet() });
    await expect(openModel(dir, "net")).rejects.toThrow(message);
  });

  it("as Triton's server prints it is taken: what is not set is no demand", async () => {
    const printed = {
      name: "net",
      platform: "onnxruntime_onnx",
      backend: "onnxruntime",
      runtime: "",
      version_policy: { latest: { num_versions: 1 } },
      max_batch_size: 0,
      input: [
        {
          name: "x",
          data_type: "TYPE_FP32",
          format: "FORMAT_NONE",
          dims: [-1, 4],
          is_shape_tensor: false,
          allow_ragged_batch: false,
          optional: false,
        },
      ],
      batch_input: [],
      batch_output: [],
      model_transaction_policy: { decoupled: false },
      instance_group: [{ name: "net", kind: "KIND_CPU", count: 1, gpus: [] }],
    };
    await write({ "config.json": JSON.stringify(printed), "1/model.onnx": doubleNet() });
    expect(await openModel(dir, "net")).toMatchObject({ instances: 1, maxBatchSize: 0 });
  });
});
