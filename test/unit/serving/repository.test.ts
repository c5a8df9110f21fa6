import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { addModel } from "../../../src/serving/add-model.ts";
import { generateModel } from "../../../src/serving/generate-model.ts";
import { listModels } from "../../../src/serving/list-models.ts";
import { createModel, GraphBuilder } from "../../../src/serving/onnx/graph-builder.ts";
import { writeModel } from "../../../src/serving/onnx/model-file.ts";
import { openModel } from "../../../src/serving/repository.ts";
import { makeUnfinishedFolder } from "../../../src/serving/unfinished-folder.ts";
import { ZOO } from "../../../src/serving/zoo/catalogue.ts";
import { tinyNet } from "./tiny-nets.ts";

let folder: string;
let repositoryDir: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "wirebench-repository-"));
  repositoryDir = path.join(folder, "models");
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function write(name: string, content: Uint8Array | string): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, content);
  return file;
}

const SMALL = { widthPx: 16, heightPx: 12 } as const;

describe("opening", () => {
  it("generates a model of the zoo at first use, once for several that ask, and leaves nothing else", async () => {
    const lines: string[] = [];
    const options = { onProgress: (line: string) => lines.push(line) };
    const [first, second] = await Promise.all([
      openModel(repositoryDir, "m1-small", options),
      openModel(repositoryDir, "m1-small", options),
    ]);
    expect(first).toMatchObject({ name: "m1-small", version: "1", weights: "seeded", maxBatchSize: 0 });
    expect(first.recipe).toMatchObject({ answer: "mask", size: { widthPx: 968, heightPx: 608 } });
    expect(first.labels).toHaveLength(20);
    expect(second.stamp).toEqual(first.stamp);
    expect(await readdir(repositoryDir)).toEqual(["m1-small"]);
    expect(lines[0]).toMatch(/^generating m1-small .*seed 1/);
    await openModel(repositoryDir, "m1-small", { onProgress: () => expect.unreachable() });
  });

  it("names the models that there are when asked for another", async () => {
    await addModel(await write("tiny.onnx", tinyNet()), { repositoryDir, size: SMALL });
    await expect(openModel(repositoryDir, "m9")).rejects.toThrow(/unknown model 'm9'.*m1-small, .*tiny/);
    await expect(openModel(repositoryDir, "../tiny")).rejects.toThrow(/unknown model/);
  });

  it("reads a folder made for Triton: the highest version, its batching, and a guessed recipe", async () => {
    for (const version of ["2", "10"]) {
      await mkdir(path.join(repositoryDir, "net", version), { recursive: true });
      const net = tinyNet({ batch: "n", answer: version === "10" ? "mask" : "scores" });
      await writeFile(path.join(repositoryDir, "net", version, "model.onnx"), net);
    }
    const config = {
      max_batch_size: 4,
      dynamic_batching: { preferred_batch_size: [2, 4], max_queue_delay_microseconds: 500 },
      instance_group: [{ count: 2 }],
    };
    await writeFile(path.join(repositoryDir, "net", "config.json"), JSON.stringify(config));
    expect(await openModel(repositoryDir, "net")).toMatchObject({
      version: "10",
      maxBatchSize: 4,
      dynamicBatching: { preferredBatchSizes: [2, 4], maxQueueDelayUs: 500 },
      recipe: { answer: "mask" },
      weights: "trained",
    });
  });

  it("says what is wrong in a broken configuration", async () => {
    await addModel(await write("tiny.onnx", tinyNet()), { repositoryDir, size: SMALL });
    await writeFile(path.join(repositoryDir, "tiny", "config.json"), '{ "max_batch_size": -1, "input": 3 }');
    await expect(openModel(repositoryDir, "tiny")).rejects.toThrow(
      /config\.json: max_batch_size: .*; input: /,
    );
    const broken = (await listModels(repositoryDir)).find(({ name }) => name === "tiny");
    expect(broken).toMatchObject({ state: "broken" });
  });
});

describe("adding", () => {
  it("guesses a recipe, says so, frees the batch and counts the cost", async () => {
    const file = await write("tiny.onnx", tinyNet({ answer: "mask" }));
    const { file: added, notes } = await addModel(file, { repositoryDir, size: SMALL });
    expect(added).toMatchObject({ name: "tiny", maxBatchSize: 8, recipe: { answer: "mask", size: SMALL } });
    expect(added.signature.inputs[0]?.shape).toEqual([-1, -1, -1, 3]);
    expect(added.config.wirebench?.cost).toEqual({ parameters: 108, macs: 16 * 12 * 4 * 27, ...SMALL });
    expect(notes.join("\n")).toContain("guessed answer: mask");
    const listed = await listModels(repositoryDir);
    expect(listed.map(({ name, state }) => [name, state])).toEqual([
      ...ZOO.map(({ name }) => [name, "on demand"]),
      ["tiny", "ready"],
    ]);
  });

  it("keeps a batch of 1 where two pictures in one run get other answers", async () => {
    const graph = new GraphBuilder("");
    const input = graph.input("x", "FP32", [1, 8, 8, 3]);
    const whole = graph.op("ReduceMax", [input], { keepdims: 1 });
    const first = graph.op("Slice", [
      graph.op("Add", [input, whole]),
      graph.ints([0]),
      graph.ints([1]),
      graph.ints([3]),
    ]);
    graph.op("Flatten", [first], {}, "y");
    graph.output("y", "FP32", [1, 64]);
    const file = await write("mixing.onnx", writeModel(createModel(graph.graph("net"), 17)));
    const { file: added } = await addModel(file, { repositoryDir });
    expect(added).toMatchObject({ maxBatchSize: 0 });
    expect(added.signature.inputs[0]?.shape[0]).toBe(1);
  });

  it("takes the same file again, another only with replace", async () => {
    const file = await write("tiny.onnx", tinyNet());
    const options = { repositoryDir, size: SMALL };
    await addModel(file, options);
    await expect(addModel(file, { ...options, size: { widthPx: 20, heightPx: 20 } })).resolves.toMatchObject({
      file: { recipe: { size: { widthPx: 20 } } },
    });
    const other = await write("other.onnx", tinyNet({ answer: "mask" }));
    await expect(addModel(other, { ...options, name: "tiny" })).rejects.toThrow("--replace");
    await addModel(other, { ...options, name: "tiny", replace: true });
    expect(await openModel(repositoryDir, "tiny")).toMatchObject({ recipe: { answer: "mask" } });
    expect(await readdir(repositoryDir)).toEqual(["tiny"]);
  });

  it("drops a label line 'background' that is one too many, and refuses other numbers of lines", async () => {
    const file = await write("tiny.onnx", tinyNet({ answer: "mask" }));
    const add = async (lines: readonly string[]) => {
      const labelsFile = await write("labels.txt", `${lines.join("\n")}\n`);
      return (await addModel(file, { repositoryDir, size: SMALL, labelsFile })).file.labels;
    };
    expect(await add(["background", "a", "b", "c", "d"])).toEqual(["a", "b", "c", "d"]);
    expect(await add(["background", "a", "b", "c"])).toEqual(["background", "a", "b", "c"]);
    await expect(add(["a", "b", "c", "d", "e"])).rejects.toThrow("5 lines, but the model has 4 classes");
  });

  it("leaves nothing behind for what cannot be added, and says it on one line", async () => {
    const twoInputs = new GraphBuilder("");
    const names = ["a", "b"].map((name) => twoInputs.input(name, "FP32", [1]));
    twoInputs.op("Add", names, {}, "c");
    twoInputs.output("c", "FP32", [1]);
    const unknownOp = new GraphBuilder("");
    unknownOp.op("NoSuchOperator", [unknownOp.input("a", "FP32", [1])], {}, "c");
    unknownOp.output("c", "FP32", [1]);
    const wide = new GraphBuilder("");
    const planes = wide.op("Transpose", [wide.input("x", "FP32", [1, "h", "w", 3])], { perm: [0, 3, 1, 2] });
    wide.op("AveragePool", [planes], { kernel_shape: [700, 700] }, "y");
    wide.output("y", "FP32", [1, 3, "h2", "w2"]);
    const recipe = await write("recipe.json", '{ "layout": "nchw", "answer": "argmax" }');
    const cases: readonly (readonly [string, Uint8Array | string, object, RegExp])[] = [
      ["text.onnx", "no model at all", {}, /text\.onnx: not an ONNX model/],
      [
        "two.onnx",
        writeModel(createModel(twoInputs.graph("two"), 17)),
        {},
        /two\.onnx: has 2 inputs \(a, b\)/,
      ],
      ["op.onnx", writeModel(createModel(unknownOp.graph("op"), 17)), {}, /op\.onnx: .*NoSuchOperator/],
      ["misfit.onnx", tinyNet({ size: [10, 20] }), { recipeFile: recipe }, /layout nchw expects 3 channels/],
      [
        "wide.onnx",
        writeModel(createModel(wide.graph("wide"), 17)),
        {},
        /wide\.onnx: does not run on pictures of 968x608 \(another size: --size WxH\): AveragePool: (?!.*onnxruntime_src)/,
      ],
      ["m1-small.onnx", tinyNet(), {}, /brings itself/],
      ["null.onnx", tinyNet(), {}, /brings itself/],
    ];
    for (const [name, content, options, message] of cases) {
      const file = await write(name, content);
      const failure = await addModel(file, { repositoryDir, ...options }).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: "ERR_MODEL", message: expect.stringMatching(message) });
      expect((failure as Error).message).not.toContain("\n");
    }
    await expect(addModel(path.join(folder, "none.onnx"), { repositoryDir })).rejects.toThrow("no such file");
    expect(await readdir(repositoryDir).catch(() => [])).toEqual([]);
  });

  it("writes beside the models under a name that no listing shows", async () => {
    await mkdir(repositoryDir);
    await makeUnfinishedFolder(repositoryDir);
    await addModel(await write("tiny.onnx", tinyNet()), { repositoryDir, size: SMALL });
    expect((await listModels(repositoryDir)).map(({ name }) => name)).toEqual([
      ...ZOO.map(({ name }) => name),
      "tiny",
    ]);
  });
});

it("generating again with another seed replaces the model", async () => {
  await generateModel(repositoryDir, "m1-small");
  const before = await readFile((await openModel(repositoryDir, "m1-small")).path);
  await generateModel(repositoryDir, "m1-small", { seed: 2, replace: true });
  const after = await readFile((await openModel(repositoryDir, "m1-small")).path);
  expect(after.equals(before)).toBe(false);
  const config = JSON.parse(await readFile(path.join(repositoryDir, "m1-small", "config.json"), "utf8"));
  expect(config.wirebench.source).toEqual({ generator: "wirebench zoo", seed: 2 });
});
