import { cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { InferRequest } from "../../../dist/core/inference.js";
import { splitBytes, type Tensor } from "../../../dist/core/tensor.js";
import { createEngine, type Engine } from "../../../dist/serving/engine.js";
import { createModel, GraphBuilder } from "../../../dist/serving/onnx/graph-builder.js";
import { writeModel } from "../../../dist/serving/onnx/model-file.js";
import { type TinyModels, writeTinyModels } from "./tiny-models.ts";

let models: TinyModels;
let engine: Engine;

/** FP32 `x` [-1,4] → `y` = factor · x. */
function times(factor: number): Uint8Array {
  const graph = new GraphBuilder("");
  graph.input("x", "FP32", ["batch", 4]);
  graph.op("Mul", ["x", graph.floats([factor])], {}, "y");
  graph.output("y", "FP32", ["batch", 4]);
  return writeModel(createModel(graph.graph("times"), 17));
}
function put(file: string, content: string | Uint8Array): void {
  const full = path.join(models.dir, file);
  mkdirSync(path.dirname(full), { recursive: true });
  writeFileSync(full, content);
}
const start = (names: readonly string[]): Promise<Engine> =>
  createEngine({
    models: names,
    repositoryDir: models.dir,
    intraOpThreads: 1,
    warmUpContents: [{ content: "tensor" }],
  });
const never = new AbortController().signal;
const x = (values: readonly number[], shape: readonly number[] = [1, 4]): Tensor => ({
  name: "x",
  datatype: "FP32",
  shape,
  data: new Uint8Array(Float32Array.from(values).buffer),
});
const ask = (modelName: string, more: Partial<InferRequest> = {}) =>
  engine.infer({ modelName, id: "r", inputs: [x([1, 2, 3, 4])], ...more }, never);
/** The factor of the version that answered. */
const factor = async (modelName: string, modelVersion?: string): Promise<number> => {
  const { outputs } = await ask(modelName, { modelVersion });
  return new Float32Array(new Uint8Array(outputs[0]!.data).buffer)[0]!;
};
const rows = async (...names: readonly string[]): Promise<readonly string[]> =>
  (await engine.repositoryIndex())
    .filter(({ name }) => names.includes(name))
    .map(({ name, version, state, reason }) => `${name}/${version} ${state} ${reason}`.trim());

beforeAll(() => {
  models = writeTinyModels();
});
afterAll(() => {
  models.remove();
});
beforeEach(() => {
  rmSync(path.join(models.dir, "times"), { recursive: true, force: true });
  for (const version of ["1", "2", "10"]) put(`times/${version}/model.onnx`, times(Number(version)));
});
afterEach(async () => {
  await engine.close();
});

describe("versions", () => {
  it("without a policy are the highest alone", async () => {
    engine = await start(["times"]);
    expect(await factor("times")).toBe(10);
    expect(await factor("times", "10")).toBe(10);
    await expect(factor("times", "2")).rejects.toMatchObject({
      status: "NOT_FOUND",
      message: "model 'times' has no version '2'; there is: 10",
    });
    expect(engine.modelMetadata("times").versions).toEqual(["10"]);
  });

  it("are those that the configuration chooses, each with its own answers and counters", async () => {
    put("times/config.pbtxt", "version_policy { all { } } max_batch_size: 2");
    engine = await start(["times", "null"]);
    expect(
      await Promise.all([undefined, "1", "2", "10", "02"].map((version) => factor("times", version))),
    ).toEqual([10, 1, 2, 10, 2]);
    expect(await ask("times", { modelVersion: "1" })).toMatchObject({ modelVersion: "1" });
    expect(engine.modelMetadata("times", "1").versions).toEqual(["1", "2", "10"]);
    expect(engine.modelConfiguration("times")).toMatchObject({
      version_policy: { all: {} },
      max_batch_size: 2,
      instance_group: [{ count: 1 }],
    });
    const counted = (name?: string, version?: string) =>
      engine.statistics(name, version).map((each) => `${each.name}/${each.version}:${each.success.count}`);
    expect(counted("times")).toEqual(["times/1:2", "times/2:2", "times/10:2"]);
    expect(counted("times", "2")).toEqual(["times/2:2"]);
    expect(counted()).toEqual(["times/1:2", "times/2:2", "times/10:2", "null/1:0"]);
    expect(engine.isModelReady("times", "2")).toBe(true);
    expect(() => engine.isModelReady("times", "3")).toThrow(/no version '3'/);
  });

  it("start none when one of them is broken", async () => {
    put("times/config.pbtxt", "version_policy { all { } }");
    put("times/2/model.onnx", "no ONNX");
    await expect(start(["null", "times"])).rejects.toMatchObject({
      code: "ERR_MODEL",
      message: expect.stringMatching(/times\/2\/model\.onnx/),
    });
    engine = await start(["null"]);
  });

  it("have as many instances as the configuration says, unless the engine is told", async () => {
    put("times/config.pbtxt", "instance_group { count: 2 }");
    engine = await start(["times"]);
    expect(engine.modelConfiguration("times").instance_group).toMatchObject([{ count: 2 }]);
    expect(engine.settings.instances).toBe(2);
    await engine.close();
    engine = await createEngine({ models: ["times"], repositoryDir: models.dir, instances: 1 });
    expect(engine.modelConfiguration("times").instance_group).toMatchObject([{ count: 1 }]);
  });
});

describe("loading while serving", () => {
  it("takes a new version up without a failed request, and the old one goes", async () => {
    engine = await start(["times"]);
    put("times/11/model.onnx", times(11));
    let isLoading = true;
    const answers: Promise<number>[] = [];
    const load = engine.loadModel("times").finally(() => {
      isLoading = false;
    });
    while (isLoading) {
      answers.push(factor("times"));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await load;
    expect(await factor("times")).toBe(11);
    const seen = new Set(await Promise.all(answers));
    expect([...seen].every((value) => value === 10 || value === 11)).toBe(true);
    expect(seen.has(10)).toBe(true);
    await expect
      .poll(() => rows("times"))
      .toEqual(["times/1", "times/2", "times/10 UNAVAILABLE unloaded", "times/11 READY"]);
    expect(engine.isReady()).toBe(true);
  });

  it("of a model that was put into the folder after the start", async () => {
    engine = await start(["null"]);
    await expect(ask("times")).rejects.toMatchObject({ status: "NOT_FOUND" });
    expect(await rows("null", "times")).toEqual(["null/1 READY", "times/1", "times/2", "times/10"]);
    await engine.loadModel("times");
    expect(await factor("times")).toBe(10);
    expect(engine.modelNames()).toEqual(["null", "times"]);
    await engine.loadModel("identity");
    expect(await rows("identity")).toEqual(["identity/1 READY"]);
  });

  it("that fails is INVALID_ARGUMENT on one line, and the old one goes on", async () => {
    engine = await start(["times"]);
    put("times/12/model.onnx", "no ONNX");
    await expect(engine.loadModel("times")).rejects.toMatchObject({
      status: "INVALID_ARGUMENT",
      message: expect.stringMatching(/^failed to load 'times', [^\n]*times\/12\/model\.onnx[^\n]*$/),
    });
    expect(await factor("times")).toBe(10);
    expect(await rows("times")).toEqual([
      "times/1",
      "times/2",
      "times/10 READY",
      expect.stringMatching(/^times\/12 UNAVAILABLE .*times\/12\/model\.onnx/),
    ]);
    expect(engine.isReady()).toBe(true);
    await expect(engine.loadModel("broken")).rejects.toMatchObject({ status: "INVALID_ARGUMENT" });
    expect(await rows("broken")).toEqual([expect.stringMatching(/^broken\/1 UNAVAILABLE ./)]);
    await expect(ask("broken")).rejects.toMatchObject({ status: "NOT_FOUND" });
    expect(engine.isModelReady("broken")).toBe(false);
    // It was not asked for at the start.
    expect(engine.isReady()).toBe(true);
  });

  it.each(["nobody", "m1-small", "../times", ""])(
    "of '%s', which the repository has not, is NOT_FOUND",
    async (name) => {
      engine = await start(["null"]);
      await expect(engine.loadModel(name)).rejects.toMatchObject({ status: "NOT_FOUND" });
      await expect(engine.unloadModel(name)).rejects.toMatchObject({ status: "NOT_FOUND" });
      expect(await rows(name)).toEqual([]);
    },
  );

  it("of a model whose folder is gone fails; it is served on", async () => {
    engine = await start(["times"]);
    renameSync(path.join(models.dir, "times"), path.join(models.dir, "gone"));
    await expect(engine.loadModel("times")).rejects.toMatchObject({ status: "INVALID_ARGUMENT" });
    expect(await factor("times")).toBe(10);
    expect(await rows("times")).toEqual(["times/10 READY"]);
    rmSync(path.join(models.dir, "gone"), { recursive: true });
  });
});

describe("built-in models that clients load", () => {
  it("are so many at most, and leave nothing once they are unloaded", async () => {
    engine = await start(["null"]);
    for (let us = 1; us < 64; us++) await engine.loadModel(`delay-${us}us`);
    await expect(engine.loadModel("delay-64us")).rejects.toMatchObject({
      status: "RESOURCE_EXHAUSTED",
      message: "failed to load 'delay-64us', 64 built-in models are loaded: unload one first",
    });
    await engine.loadModel("delay-1us");
    await engine.unloadModel("delay-1us");
    expect(await rows("delay-1us")).toEqual([]);
    await engine.loadModel("delay-64us");
    expect(await rows("delay-64us")).toEqual(["delay-64us/1 READY"]);
    // One that was asked for at the start is known for good.
    await engine.unloadModel("null");
    expect(await rows("null")).toEqual(["null/1 UNAVAILABLE unloaded"]);
  });
});

describe("the file of a model", () => {
  const file = (name: string): string => path.join(models.dir, name, "1", "model.onnx");
  const copy = (name: string): void =>
    cpSync(path.join(models.dir, "classes"), path.join(models.dir, name), { recursive: true });
  /** The brightest channel is 1. */
  const picture = (content: string, widthPx = 1, heightPx = 1): Tensor => ({
    name: "input",
    datatype: "UINT8",
    shape: [1, heightPx, widthPx, 3],
    data: new Uint8Array(widthPx * heightPx * 3).map((_, at) => (at % 3 === 1 ? 9 : 0)),
    parameters: { wirebench_content: content },
  });

  it("is read before the model is ready: for its own tensors and for pictures of the usual size", async () => {
    copy("warm");
    engine = await createEngine({ models: ["warm"], repositoryDir: models.dir, intraOpThreads: 1 });
    rmSync(file("warm"));
    const tensors = await ask("warm", { inputs: [picture("tensor")] });
    expect(tensors.outputs[0]).toMatchObject({ name: "ids", datatype: "INT64" });
    const pictures = await ask("warm", { inputs: [picture("rgb8", 968, 608)] });
    expect(pictures.outputs[0]).toMatchObject({ name: "mask", datatype: "UINT8" });
    rmSync(path.join(models.dir, "warm"), { recursive: true });
  });

  it("that has changed since it was loaded is not mixed with what was loaded", async () => {
    copy("changed");
    engine = await start(["changed"]);
    const mask = () => ask("changed", { inputs: [picture("rgb8")] });
    renameSync(file("changed"), `${file("changed")}.aside`);
    put("changed/1/model.onnx", times(2));
    await expect(mask()).rejects.toMatchObject({
      status: "UNAVAILABLE",
      message: "model 'changed': the file has changed since it was loaded; load the model again",
    });
    rmSync(file("changed"));
    await expect(mask()).rejects.toMatchObject({ status: "UNAVAILABLE" });
    await expect(ask("changed", { inputs: [picture("tensor")] })).resolves.toMatchObject({ id: "r" });
    // The one that was loaded is back: the refusal was not for ever.
    renameSync(`${file("changed")}.aside`, file("changed"));
    expect([...(await mask()).outputs[0]!.data]).toEqual([1]);
    rmSync(path.join(models.dir, "changed"), { recursive: true });
  });
});

describe("unloading while serving", () => {
  it("finishes what runs and waits, then knows the model no more; loading brings it back", async () => {
    engine = await start(["slow", "null"]);
    const slow = () => ask("slow", { inputs: [x([1], [1, 1])] });
    const accepted = [slow(), slow(), slow()];
    const unload = engine.unloadModel("slow");
    // Synchronously: it was taken before the unload began.
    accepted.push(slow());
    await Promise.resolve();
    await expect(slow()).rejects.toMatchObject({
      status: "NOT_FOUND",
      message: "Request for unknown model: 'slow' has no available versions",
    });
    expect(await rows("slow")).toEqual(["slow/1 UNLOADING"]);
    await unload;
    await expect(Promise.all(accepted)).resolves.toHaveLength(4);
    expect(await rows("slow")).toEqual(["slow/1 UNAVAILABLE unloaded"]);
    expect(engine.isModelReady("slow")).toBe(false);
    expect(engine.isReady()).toBe(true);
    expect(() => engine.modelMetadata("slow")).toThrow(/no available versions/);
    expect(engine.modelNames()).toEqual(["null"]);
    await engine.unloadModel("slow");
    await engine.loadModel("slow");
    await expect(slow()).resolves.toMatchObject({ modelName: "slow" });
    expect(engine.statistics("slow")[0]?.success.count).toBe(1);
  });

  it("and loading by many callers at a time ends in the state of the last", async () => {
    engine = await start(["times"]);
    const calls = ["load", "unload", "load", "load", "unload", "load"].map((call) =>
      call === "load" ? engine.loadModel("times") : engine.unloadModel("times"),
    );
    await Promise.all(calls);
    expect(await factor("times")).toBe(10);
    expect((await rows("times")).at(-1)).toBe("times/10 READY");
  });
});

it("closing during a load waits for it, and leaves nothing running", async () => {
  engine = await start(["null"]);
  const load = engine.loadModel("times");
  const outcome = load.catch((reason: unknown) => reason);
  await engine.close();
  expect(await outcome).toMatchObject({ status: "UNAVAILABLE" });
  await expect(engine.loadModel("times")).rejects.toMatchObject({ status: "UNAVAILABLE" });
  await expect(engine.unloadModel("null")).rejects.toMatchObject({ status: "UNAVAILABLE" });
});

describe("classification", () => {
  const texts = ({ data }: Tensor): string[] => splitBytes(data).map((each) => Buffer.from(each).toString());
  const outputs = [{ name: "y", parameters: { classification: 2 } }];

  it("of an ONNX model: with the labels of its configuration, for each of a batch, alike on every way in", async () => {
    put(
      "times/config.pbtxt",
      'max_batch_size: 8 output { name: "y" label_filename: "labels.txt" } dynamic_batching { max_queue_delay_microseconds: 20000 }',
    );
    put("times/labels.txt", "zero\none\ntwo\n");
    engine = await start(["times"]);
    const expected = ["40.000000:3", "30.000000:2:two"];
    const together = await Promise.all([ask("times", { outputs }), ask("times", { outputs }), ask("times")]);
    expect(together[0].outputs).toMatchObject([{ name: "y", datatype: "BYTES", shape: [1, 2] }]);
    expect(together.slice(0, 2).map((response) => texts(response.outputs[0]!))).toEqual([expected, expected]);
    expect(together[2].outputs[0]).toMatchObject({ datatype: "FP32", shape: [1, 4] });
    const batch = await ask("times", { outputs, inputs: [x([1, 2, 3, 4, 8, 7, 6, 5], [2, 4])] });
    expect(batch.outputs[0]?.shape).toEqual([2, 2]);
    expect(texts(batch.outputs[0]!)).toEqual([...expected, "80.000000:0:zero", "70.000000:1:one"]);

    const body = Buffer.from(
      JSON.stringify({
        inputs: [{ name: "x", datatype: "FP32", shape: [1, 4], data: [1, 2, 3, 4] }],
        outputs,
      }),
    );
    const context = { modelName: "times", headerBytes: body.byteLength };
    const written = await engine.inferEncoded(body, "oip-json", context, never);
    expect(JSON.parse(Buffer.from(written.outputs).toString())).toEqual([
      { name: "y", datatype: "BYTES", shape: [1, 2], data: expected },
    ]);
    await expect(
      ask("times", { outputs: [{ name: "y", parameters: { classification: 0 } }] }),
    ).rejects.toMatchObject({ status: "INVALID_ARGUMENT" });
  });

  it("of a built-in model, and with the labels of the project's configuration", async () => {
    cpSync(path.join(models.dir, "times"), path.join(models.dir, "labelled"), { recursive: true });
    put(
      "labelled/config.json",
      JSON.stringify({ wirebench: { recipe: "raw", labels: ["a", "b", "c", "d"] } }),
    );
    engine = await start(["identity", "labelled"]);
    const input: Tensor = { name: "input", datatype: "UINT8", shape: [3], data: Uint8Array.of(5, 200, 7) };
    const wanted = [{ name: "output", parameters: { classification: 2 } }];
    const response = await ask("identity", { inputs: [input], outputs: wanted });
    expect(response.outputs).toMatchObject([{ name: "output", datatype: "BYTES", shape: [2] }]);
    expect(texts(response.outputs[0]!)).toEqual(["200:1", "7:2"]);
    const labelled = await ask("labelled", { outputs });
    expect(texts(labelled.outputs[0]!)).toEqual(["40.000000:3:d", "30.000000:2:c"]);
    rmSync(path.join(models.dir, "labelled"), { recursive: true });
  });
});

it("says which extensions it speaks", async () => {
  engine = await start(["null"]);
  expect(engine.serverMetadata().extensions).toEqual([
    "binary_tensor_data",
    "classification",
    "model_configuration",
    "model_repository",
    "parameters",
    "statistics",
  ]);
});
