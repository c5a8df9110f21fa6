import { monitorEventLoopDelay } from "node:perf_hooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { monotonicClock } from "../../../dist/core/clock.js";
import { TransportError } from "../../../dist/core/errors.js";
import type { InferRequest } from "../../../dist/core/inference.js";
import { CONTENT, DECODE_NS, INFER_NS, QUEUE_NS, TIMEOUT_US } from "../../../dist/core/parameters.js";
import { packBytes, type Tensor } from "../../../dist/core/tensor.js";
import { createEngine, type Engine } from "../../../dist/serving/engine.js";
import { encodeImage } from "../../../dist/vision/image-codec.js";
import { type TinyModels, writeTinyModels } from "./tiny-models.ts";

let models: TinyModels;
let engine: Engine;

beforeAll(async () => {
  models = writeTinyModels();
  engine = await createEngine({
    models: ["double", "classes", "slow", "identity", "delay"],
    repositoryDir: models.dir,
    intraOpThreads: 1,
    maxQueue: 2,
    warmUpContents: [{ content: "tensor" }],
  });
});
afterAll(async () => {
  await engine.close();
  models.remove();
});

const never = new AbortController().signal;
let nextId = 0;
const ask = (modelName: string, input: Tensor, more: Partial<InferRequest> = {}): InferRequest => ({
  modelName,
  id: `r${nextId++}`,
  inputs: [input],
  ...more,
});
const floats = (values: readonly number[], name = "x"): Tensor => ({
  name,
  datatype: "FP32",
  shape: [1, values.length],
  data: new Uint8Array(Float32Array.from(values).buffer),
});
const readFloats = ({ data }: Tensor): number[] => [...new Float32Array(new Uint8Array(data).buffer)];
const runSlow = (more: Partial<InferRequest> = {}, signal = never) =>
  engine.infer(ask("slow", floats([1]), more), signal);
const askText = (more: string) => {
  const input = '{"name":"x","datatype":"FP32","shape":[1,4],"data":[1,2,3,4]}';
  const body = Buffer.from(`{"inputs":[${input}],${more}}`);
  const context = { modelName: "double", headerBytes: body.byteLength };
  return engine.inferEncoded(body, "oip-json", context, never);
};
const image = (data: Uint8Array, shape: readonly number[], content: string): Tensor => ({
  name: "input",
  datatype: "UINT8",
  shape,
  data,
  parameters: { [CONTENT]: content },
});
/** 2×2: red, green / blue, red. */
const RGB = Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 0, 0);

describe("answers", () => {
  it("of tensors, with stage durations that add up and the request's id", async () => {
    const beganNs = monotonicClock.nowNs();
    const request = ask("double", floats([1, 2, 3, 4]));
    const response = await engine.infer(request, never);
    const endedNs = monotonicClock.nowNs();
    expect(response).toMatchObject({ modelName: "double", modelVersion: "1", id: request.id });
    expect(response.outputs).toHaveLength(1);
    expect(readFloats(response.outputs[0]!)).toEqual([2, 4, 6, 8]);
    const queueNs = response.parameters?.[QUEUE_NS] as number;
    const inferNs = response.parameters?.[INFER_NS] as number;
    expect(response.parameters?.[DECODE_NS]).toBeUndefined();
    expect(queueNs).toBeGreaterThan(0);
    expect(inferNs).toBeGreaterThan(0);
    expect(response.finishedNs).toBeLessThanOrEqual(endedNs);
    // The call began before the engine's own mark, which the stages count from.
    expect(queueNs + inferNs).toBeLessThanOrEqual((response.finishedNs as number) - beganNs);
  });

  it("of bytes that lie on no multiple of four, and of a Buffer from Node's pool", async () => {
    const shifted = new Uint8Array(17);
    shifted.set(floats([1, 2, 3, 4]).data, 1);
    for (const data of [shifted.subarray(1), Buffer.from(floats([1, 2, 3, 4]).data)]) {
      const response = await engine.infer(ask("double", { ...floats([1, 2, 3, 4]), data }), never);
      expect(readFloats(response.outputs[0]!)).toEqual([2, 4, 6, 8]);
    }
  });

  it("of images: the final answer, the same for pixels, PNG and text bodies", async () => {
    const mask = [0, 1, 2, 0];
    const rgb = await engine.infer(ask("classes", image(RGB.slice(), [1, 2, 2, 3], "rgb8")), never);
    expect(rgb.outputs).toMatchObject([{ name: "mask", datatype: "UINT8", shape: [1, 2, 2] }]);
    expect([...rgb.outputs[0]!.data]).toEqual(mask);

    const bgr = image(RGB.slice().reverse(), [1, 2, 2, 3], "bgr8");
    expect([...(await engine.infer(ask("classes", bgr), never)).outputs[0]!.data]).toEqual(mask.toReversed());

    const png: Tensor = {
      name: "input",
      datatype: "BYTES",
      shape: [1],
      data: packBytes([await encodeImage(RGB, 2, 2, "png")]),
    };
    const decoded = await engine.infer(ask("classes", png), never);
    expect([...decoded.outputs[0]!.data]).toEqual(mask);
    expect(decoded.parameters?.[DECODE_NS]).toBeGreaterThan(0);

    const input = { name: "input", datatype: "UINT8", shape: [1, 2, 2, 3], data: [...RGB] };
    const body = Buffer.from(
      JSON.stringify({ id: "j", inputs: [{ ...input, parameters: { [CONTENT]: "rgb8" } }] }),
    );
    const context = { modelName: "classes", headerBytes: body.byteLength };
    const written = await engine.inferEncoded(body, "oip-json", context, never);
    expect(JSON.parse(Buffer.from(written.outputs).toString())).toEqual([
      { name: "mask", shape: [1, 2, 2], datatype: "UINT8", data: mask },
    ]);
    expect(written).toMatchObject({ id: "j", modelName: "classes", modelVersion: "1", binary: [] });
    expect(written.parameters[DECODE_NS]).toBeGreaterThan(0);
  });

  it("of the model's own tensors come back untouched, only those asked for", async () => {
    const tensor = image(RGB.slice(), [1, 2, 2, 3], "tensor");
    const response = await engine.infer(ask("classes", tensor, { outputs: [{ name: "ids" }] }), never);
    expect(response.outputs).toMatchObject([{ name: "ids", datatype: "INT64", shape: [1, 2, 2] }]);
  });

  it("move a large input instead of copying it", async () => {
    const data = new Uint8Array(1 << 20).fill(7);
    const response = await engine
      .infer(ask("classes", image(data, [1, 1, (1 << 20) / 4, 3], "tensor")), never)
      .catch((reason: unknown) => reason);
    expect(response).toMatchObject({ status: "INVALID_ARGUMENT" });
    expect(data.byteLength).toBe(1 << 20);
    const fitting = new Uint8Array(3 << 18).fill(7);
    await engine.infer(ask("classes", image(fitting, [1, 512, 512, 3], "rgb8")), never);
    expect(fitting.byteLength).toBe(0);
  });

  it("are all there are where the list of outputs is empty", async () => {
    const { outputs } = await engine.infer(ask("double", floats([1, 2, 3, 4]), { outputs: [] }), never);
    expect(outputs.map(({ name }) => name)).toEqual(["y"]);
    const written = await askText('"outputs":[]');
    expect(JSON.parse(Buffer.from(written.outputs).toString())).toMatchObject([{ data: [2, 4, 6, 8] }]);
  });

  it("of a built-in model to a text body", async () => {
    const body = Buffer.from(
      '{"id":"b","inputs":[{"name":"input","datatype":"UINT8","shape":[3],"data":[1,2,3]}]}',
    );
    const context = { modelName: "identity", headerBytes: body.byteLength };
    const { outputs, id } = await engine.inferEncoded(body, "oip-json", context, never);
    expect(id).toBe("b");
    expect(JSON.parse(Buffer.from(outputs).toString())[0].data).toEqual([1, 2, 3]);
  });
});

describe("failures", () => {
  it.each<[string, () => Promise<unknown>, string, RegExp]>([
    [
      "an unknown model",
      () => engine.infer(ask("nope", floats([1])), never),
      "NOT_FOUND",
      /unknown model 'nope'/,
    ],
    [
      "an unknown version",
      () => engine.infer(ask("double", floats([1]), { modelVersion: "2" }), never),
      "NOT_FOUND",
      /no version '2'/,
    ],
    [
      "a wrong shape",
      () => engine.infer(ask("double", floats([1])), never),
      "INVALID_ARGUMENT",
      /expected \[-1,4\]/,
    ],
    [
      "a damaged image",
      () =>
        engine.infer(
          ask("classes", {
            name: "i",
            datatype: "BYTES",
            shape: [1],
            data: packBytes([Uint8Array.of(1, 2)]),
          }),
          never,
        ),
      "INVALID_ARGUMENT",
      /neither a JPEG nor a PNG/,
    ],
    [
      "an unknown output of an image",
      () =>
        engine.infer(
          ask("classes", image(RGB.slice(), [1, 2, 2, 3], "rgb8"), { outputs: [{ name: "ids2" }] }),
          never,
        ),
      "INVALID_ARGUMENT",
      /unexpected inference output 'ids2'/,
    ],
    [
      "a timeout that is none, in a text body too",
      () => askText('"parameters":{"timeout":"soon"}'),
      "INVALID_ARGUMENT",
      /^parameter timeout: expected microseconds from 0, got soon$/,
    ],
    [
      "a body that is no JSON",
      () =>
        engine.inferEncoded(Buffer.from("{nope"), "oip-json", { modelName: "double", headerBytes: 5 }, never),
      "INVALID_ARGUMENT",
      /JSON/,
    ],
  ])("%s", async (_case, call, status, message) => {
    await expect(call()).rejects.toMatchObject({ status, message: expect.stringMatching(message) });
  });

  it("a full queue", async () => {
    const accepted = [runSlow(), runSlow(), runSlow()];
    await expect(runSlow()).rejects.toMatchObject({
      status: "RESOURCE_EXHAUSTED",
      message: "model 'slow': the queue is full (2 of 2 waiting)",
    });
    await Promise.all(accepted);
  });

  it("a deadline, running or waiting, and the instance goes on", async () => {
    const before = engine.statistics("slow")[0]!;
    const late = { parameters: { [TIMEOUT_US]: 2000 } };
    const outcomes = await Promise.allSettled([runSlow(late), runSlow(late)]);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { status: "DEADLINE_EXCEEDED" } });
    }
    await expect(runSlow()).resolves.toMatchObject({ modelName: "slow" });
    const after = engine.statistics("slow")[0]!;
    expect(after.fail.count - before.fail.count).toBe(2);
    expect(after.success.count - before.success.count).toBe(1);
    // The waiting one never ran, the running one did.
    expect(after.executionCount - before.executionCount).toBe(2);
  });

  it("a deadline in a text body that waits, when it is over", async () => {
    let isDone = false;
    const running = runSlow().then(() => {
      isDone = true;
    });
    const input = '{"name":"x","datatype":"FP32","shape":[1,1],"data":[1]}';
    const body = Buffer.from(`{"inputs":[${input}],"parameters":{"timeout":2000}}`);
    const context = { modelName: "slow", headerBytes: body.byteLength };
    const late = engine.inferEncoded(body, "oip-json", context, never);
    await expect(late).rejects.toMatchObject({ status: "DEADLINE_EXCEEDED" });
    expect(isDone).toBe(false);
    await running;
  });

  it("an aborted signal gives its reason", async () => {
    const controller = new AbortController();
    const running = runSlow({}, controller.signal);
    const reason = new TransportError("CANCELLED", "the caller hung up");
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
  });

  it.each([
    ["a file that is no ONNX", "broken", "ERR_MODEL"],
    ["an unknown model", "nope", "ERR_MODEL"],
  ])("at start: %s", async (_case, name, code) => {
    const started = createEngine({ models: ["delay", name], repositoryDir: models.dir });
    await expect(started).rejects.toMatchObject({ code, message: expect.stringMatching(/^[^\n]+$/) });
  });
});

describe("batches", () => {
  it("waiting requests run as one, and each gets its own answer", async () => {
    const own = await createEngine({ models: ["double"], repositoryDir: models.dir, intraOpThreads: 1 });
    const asked = [1, 2, 3].map((value) =>
      own.infer(ask("double", floats([value, value, value, value])), never),
    );
    const answers = await Promise.all(asked);
    expect(answers.map(({ outputs }) => readFloats(outputs[0]!)[0])).toEqual([2, 4, 6]);
    expect(own.statistics("double")).toMatchObject([
      { inferenceCount: 3, executionCount: 1, success: { count: 3 }, batches: [{ batchSize: 3 }] },
    ]);
    await own.close();
  });

  it("of a text body count with all their batch elements", async () => {
    const own = await createEngine({ models: ["double"], repositoryDir: models.dir, intraOpThreads: 1 });
    const input = { name: "x", datatype: "FP32", shape: [3, 4], data: Array.from({ length: 12 }, () => 1) };
    const body = Buffer.from(JSON.stringify({ inputs: [input] }));
    const context = { modelName: "double", headerBytes: body.byteLength };
    await own.inferEncoded(body, "oip-json", context, never);
    expect(own.statistics("double")).toMatchObject([
      { inferenceCount: 3, executionCount: 1, success: { count: 1 }, batches: [{ batchSize: 3 }] },
    ]);
    await own.close();
  });
});

it("the calling thread goes on while a model runs", async () => {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 1);
  const response = await runSlow();
  clearInterval(timer);
  delay.disable();
  const inferMs = (response.parameters?.[INFER_NS] as number) / 1e6;
  const p99Ms = delay.percentile(99) / 1e6 - 1;
  console.log(
    `event-loop delay p99 ${p99Ms.toFixed(2)} ms in a run of ${inferMs.toFixed(1)} ms (${turns} turns)`,
  );
  expect(turns).toBeGreaterThan(2);
});

it("close waits for what runs, fails what waits and what comes", async () => {
  const own = await createEngine({
    models: ["slow", "delay-30ms"],
    repositoryDir: models.dir,
    intraOpThreads: 1,
  });
  expect(own.isReady()).toBe(true);
  const bytes: Tensor = { name: "input", datatype: "UINT8", shape: [1], data: new Uint8Array(1) };
  const running = own.infer(ask("slow", floats([1])), never);
  const waiting = own.infer(ask("slow", floats([1])), never);
  const delayed = own.infer(ask("delay-30ms", bytes), never);
  const outcomes = Promise.allSettled([running, waiting, delayed]);
  await Promise.resolve();
  const closing = own.close();
  expect(own.isReady()).toBe(false);
  await expect(own.infer(ask("slow", floats([1])), never)).rejects.toMatchObject({ status: "UNAVAILABLE" });
  await closing;
  await own.close();
  expect(await outcomes).toMatchObject([
    { status: "fulfilled" },
    { status: "rejected", reason: { status: "UNAVAILABLE" } },
    { status: "fulfilled" },
  ]);
});
