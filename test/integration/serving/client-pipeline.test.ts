import { afterAll, beforeAll, expect, it } from "vitest";
import { monotonicClock } from "../../../dist/core/clock.js";
import type { Pixels } from "../../../dist/core/frame.js";
import { CONTENT } from "../../../dist/core/parameters.js";
import { createBareSession } from "../../../dist/serving/bare-session.js";
import { type ClientPipeline, createClientPipeline } from "../../../dist/serving/client-pipeline.js";
import { createEngine, type Engine } from "../../../dist/serving/engine.js";
import { decodeImage } from "../../../dist/vision/image-codec.js";
import { toRgb } from "../../../dist/vision/to-rgb.js";
import { type TinyModels, writeTinyModels } from "./tiny-models.ts";

const WIDTH = 34;
const HEIGHT = 20;
const noise = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => (at * 7919 + (at >> 3)) % 251);
const frames: readonly Pixels[] = [
  { widthPx: WIDTH, heightPx: HEIGHT, encoding: "rgb8", data: noise(WIDTH * HEIGHT * 3) },
  { widthPx: WIDTH, heightPx: HEIGHT, encoding: "bayer_rggb8", data: noise(WIDTH * HEIGHT) },
  { widthPx: WIDTH, heightPx: HEIGHT, encoding: "bgr8", data: noise(WIDTH * HEIGHT * 3) },
];
const never = new AbortController().signal;
const settings = { device: "cpu", intraOpThreads: 1, interOpThreads: 1, allowSpinning: false } as const;

let models: TinyModels;
let engine: Engine;
let pipeline: ClientPipeline;

beforeAll(async () => {
  models = writeTinyModels();
  engine = await createEngine({ models: ["classes"], repositoryDir: models.dir, intraOpThreads: 1 });
  pipeline = await createClientPipeline({ model: { name: "classes", repositoryDir: models.dir } });
  await pipeline.loadFrames(frames);
});
afterAll(async () => {
  await pipeline.close();
  await engine.close();
  models.remove();
});

it("placement client gives the bytes of placement server and of a bare session, for every kind of frame", async () => {
  const bare = await createBareSession({ model: "classes", repositoryDir: models.dir, settings });
  for (const [index, frame] of frames.entries()) {
    const channels = frame.encoding === "bayer_rggb8" ? 1 : 3;
    const image = {
      name: "image",
      datatype: "UINT8" as const,
      shape: [1, HEIGHT, WIDTH, channels],
      data: frame.data.slice(),
      parameters: { [CONTENT]: frame.encoding },
    };
    const served = await engine.infer({ modelName: "classes", id: "s", inputs: [image] }, never);

    const beganNs = monotonicClock.nowNs();
    const before = await pipeline.preprocess(index);
    expect(before.endedNs).toBeGreaterThan(beganNs);
    expect(before.endedNs).toBeLessThanOrEqual(monotonicClock.nowNs());
    const inferred = await engine.infer({ modelName: "classes", id: "c", inputs: [before.tensor] }, never);
    const { outputs } = await pipeline.postprocess(inferred.outputs);

    expect(outputs).toMatchObject([{ name: "mask", datatype: "UINT8", shape: [1, HEIGHT, WIDTH] }]);
    expect(Buffer.compare(outputs[0]!.data, served.outputs[0]!.data)).toBe(0);
    const [alone] = await bare.runImage(frame);
    expect(Buffer.compare(alone!.data, served.outputs[0]!.data)).toBe(0);
    expect(new Set(served.outputs[0]!.data).size).toBe(3);
  }
  await bare.release();
});

it("takes outputs wherever they lie in a received message", async () => {
  const side = 200;
  const ids = BigInt64Array.from({ length: side * side }, (_, at) => BigInt(at % 3));
  const postprocess = async (offset: number): Promise<Uint8Array> => {
    const message = new Uint8Array(offset + ids.byteLength).fill(0xff);
    message.set(new Uint8Array(ids.buffer), offset);
    const data = message.subarray(offset);
    const output = { name: "ids", datatype: "INT64" as const, shape: [1, side, side], data };
    return (await pipeline.postprocess([output])).outputs[0]!.data;
  };
  const expected = Buffer.from(Array.from(ids, Number));
  for (const offset of [0, 64, 5, 61]) {
    expect(Buffer.compare(await postprocess(offset), expected), `offset ${offset}`).toBe(0);
  }
});

it("frames stay whole however often they are used", async () => {
  for (let time = 0; time < 2; time++) {
    for (const [index, frame] of frames.entries()) {
      const { rgb } = await pipeline.toRgb(index);
      expect(Buffer.compare(rgb, toRgb(frame))).toBe(0);
      const { bytes, preprocessedNs, endedNs } = await pipeline.encodeImage(index, "png");
      expect(preprocessedNs).toBeLessThanOrEqual(endedNs);
      expect(Buffer.compare((await decodeImage(bytes)).rgb, toRgb(frame))).toBe(0);
      expect(frame.data.byteLength).toBeGreaterThan(0);
    }
  }
});

it("refuses frames that were not loaded, and models without a recipe", async () => {
  await expect(pipeline.toRgb(3)).rejects.toThrow(/frame 3 was not loaded/);
  const raw = createClientPipeline({ model: { name: "double", repositoryDir: models.dir } });
  await expect(raw).rejects.toMatchObject({ code: "ERR_MODEL", message: expect.stringMatching(/no recipe/) });
});

it("without a model does image work only", async () => {
  const images = await createClientPipeline({});
  await images.loadFrames([frames[1]!]);
  expect((await images.toRgb(0)).rgb.byteLength).toBe(WIDTH * HEIGHT * 3);
  await expect(images.preprocess(0)).rejects.toThrow(/no model/);
  await images.close();
  await expect(images.toRgb(0)).rejects.toMatchObject({ status: "UNAVAILABLE" });
});
