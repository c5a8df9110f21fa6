import type { Worker } from "node:worker_threads";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import type { InferRequest } from "../../../dist/core/inference.js";
import type { Tensor } from "../../../dist/core/tensor.js";
import { createEngine, type Engine } from "../../../dist/serving/engine.js";
import { type TinyModels, writeTinyModels } from "./tiny-models.ts";

let models: TinyModels;
let engine: Engine;
/** The threads that were started in a test, in their order. */
let threads: Worker[] = [];
const onThread = (thread: Worker): void => {
  threads.push(thread);
};

beforeAll(() => {
  models = writeTinyModels();
  process.on("worker", onThread);
});
afterAll(() => {
  process.off("worker", onThread);
  models.remove();
});
beforeEach(() => {
  threads = [];
});
afterEach(async () => {
  await engine.close();
});

const never = new AbortController().signal;
const bytes: Tensor = { name: "input", datatype: "UINT8", shape: [3], data: Uint8Array.of(1, 2, 3) };
const floats = (): Tensor => ({
  name: "x",
  datatype: "FP32",
  shape: [1, 4],
  data: new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer),
});
const ask = (modelName: string, input: Tensor, more: Partial<InferRequest> = {}) =>
  engine.infer({ modelName, id: "r", inputs: [input], ...more }, never);

/** Makes a thread throw where nobody catches it. */
async function kill(thread: Worker | undefined): Promise<void> {
  const ended = new Promise<void>((resolve) => thread?.once("exit", () => resolve()));
  // No message of ours: reading it throws.
  thread?.postMessage(null);
  await ended;
}

it("the thread that reads text bodies is replaced when it is next needed", async () => {
  engine = await createEngine({ models: ["identity"], repositoryDir: models.dir });
  const body = () =>
    Buffer.from('{"inputs":[{"name":"input","datatype":"UINT8","shape":[3],"data":[1,2,3]}]}');
  const text = async (): Promise<unknown> => {
    const context = { modelName: "identity", headerBytes: body().byteLength };
    const { outputs } = await engine.inferEncoded(body(), "oip-json", context, never);
    return JSON.parse(Buffer.from(outputs).toString())[0].data;
  };
  expect(await text()).toEqual([1, 2, 3]);
  expect(threads).toHaveLength(1);
  await kill(threads[0]);
  expect(engine.isReady()).toBe(true);
  expect(await text()).toEqual([1, 2, 3]);
  expect(threads).toHaveLength(2);
  await kill(threads[1]);
  const outputs = [{ name: "output", parameters: { classification: 1 } }];
  await expect(ask("identity", bytes, { outputs })).resolves.toMatchObject({ modelName: "identity" });
  expect(threads).toHaveLength(3);
});

it("a model's thread is replaced; the model is not ready meanwhile", async () => {
  engine = await createEngine({ models: ["double"], repositoryDir: models.dir, intraOpThreads: 1 });
  await kill(threads[0]);
  expect(engine.isReady()).toBe(false);
  expect(engine.isModelReady("double")).toBe(false);
  await expect(ask("double", floats())).rejects.toMatchObject({
    status: "UNAVAILABLE",
    message: expect.stringMatching(/^the worker of model 'double' ended by itself/),
  });
  await expect.poll(() => engine.isReady(), { timeout: 20_000 }).toBe(true);
  const { outputs } = await ask("double", floats());
  expect([...new Float32Array(new Uint8Array(outputs[0]!.data).buffer)]).toEqual([2, 4, 6, 8]);
  expect(threads).toHaveLength(2);
});

it("closing while a thread is to be replaced starts no other", async () => {
  engine = await createEngine({ models: ["double"], repositoryDir: models.dir, intraOpThreads: 1 });
  await kill(threads[0]);
  await engine.close();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(threads).toHaveLength(1);
});
