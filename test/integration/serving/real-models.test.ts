import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CONTENT, DECODE_NS, INFER_NS, QUEUE_NS } from "../../../dist/core/parameters.js";
import { packBytes, type Tensor } from "../../../dist/core/tensor.js";
import { createEngine, type Engine } from "../../../dist/serving/engine.js";
import { decodeImage } from "../../../dist/vision/image-codec.js";

const DATA = path.resolve(import.meta.dirname, "../../../../shared/data");
const present = existsSync(DATA);
const SEGMENTATION = "deeplabv3p-mnv3small-aiedge.f32";
const CLASSIFIER = "mobilenet_v2_1.0_224.qdq-u8";
const never = new AbortController().signal;

describe.skipIf(!present)(`real models (skipped where ${DATA} is absent)`, () => {
  let dir: string;
  let engine: Engine;

  beforeAll(async () => {
    dir = mkdtempSync(path.join(tmpdir(), "wirebench-real-"));
    const add = (name: string, recipe: object): void => {
      mkdirSync(path.join(dir, name, "1"), { recursive: true });
      symlinkSync(path.join(DATA, "models", `${name}.onnx`), path.join(dir, name, "1", "model.onnx"));
      writeFileSync(path.join(dir, name, "config.json"), JSON.stringify({ name, wirebench: { recipe } }));
    };
    add(SEGMENTATION, { layout: "nhwc", answer: "mask", size: { widthPx: 968, heightPx: 608 } });
    add(CLASSIFIER, { layout: "nhwc", answer: "top-k" });
    engine = await createEngine({
      models: [SEGMENTATION, CLASSIFIER],
      repositoryDir: dir,
      intraOpThreads: 2,
    });
  });
  afterAll(async () => {
    await engine.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const jpegOf = async (file: string): Promise<Tensor> => ({
    name: "input",
    datatype: "BYTES",
    shape: [1],
    data: packBytes([await readFile(path.join(DATA, "images", file))]),
  });

  it("a street: JPEG and its pixels give the same mask of several classes", async () => {
    const file = "aiedge_IMG_0562_1936x1216.jpg";
    const jpeg = await jpegOf(file);
    const fromJpeg = await engine.infer({ modelName: SEGMENTATION, id: "1", inputs: [jpeg] }, never);
    const [mask] = fromJpeg.outputs;
    expect(mask).toMatchObject({ name: "mask", datatype: "UINT8", shape: [1, 608, 968] });
    expect(new Set(mask!.data).size).toBeGreaterThan(1);
    expect(fromJpeg.parameters?.[DECODE_NS]).toBeGreaterThan(0);

    const { widthPx, heightPx, rgb } = await decodeImage(await readFile(path.join(DATA, "images", file)));
    const pixels: Tensor = {
      name: "input",
      datatype: "UINT8",
      shape: [1, heightPx, widthPx, 3],
      data: new Uint8Array(rgb),
      parameters: { [CONTENT]: "rgb8" },
    };
    const fromPixels = await engine.infer({ modelName: SEGMENTATION, id: "2", inputs: [pixels] }, never);
    expect(Buffer.compare(fromPixels.outputs[0]!.data, mask!.data)).toBe(0);
    const { [QUEUE_NS]: queueNs, [INFER_NS]: inferNs } = fromPixels.parameters ?? {};
    console.log(`${SEGMENTATION}: queue ${Number(queueNs) / 1e6} ms, infer ${Number(inferNs) / 1e6} ms`);
  });

  it("a cat is an Egyptian cat", async () => {
    const request = { modelName: CLASSIFIER, id: "3", inputs: [await jpegOf("cat_720p.jpg")] };
    const { outputs } = await engine.infer(request, never);
    const classes = outputs.find(({ name }) => name === "classes");
    const best = new DataView(classes!.data.buffer, classes!.data.byteOffset).getInt32(0, true);
    const labels = (await readFile(path.join(DATA, "labels/imagenet_labels.txt"), "utf8")).split("\n");
    expect(labels[best]).toContain("Egyptian cat");
  });
});
