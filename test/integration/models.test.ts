import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PixelEncoding } from "../../dist/core/frame.js";
import type { Tensor } from "../../dist/core/tensor.js";
import { addModel } from "../../dist/serving/add-model.js";
import { openCpuSession } from "../../dist/serving/cpu-session.js";
import {
  buildPipelineGraph,
  buildPostprocessGraph,
  buildPreprocessGraph,
} from "../../dist/serving/graphs/pipeline-graph.js";
import type { ModelFile } from "../../dist/serving/model-file.js";

const DATA = fileURLToPath(new URL("../../../shared/data", import.meta.url));
const HAS_DATA = existsSync(path.join(DATA, "models"));
if (!HAS_DATA) console.warn(`skipped: tests with real models need ${DATA}`);

let repositoryDir: string;
beforeAll(async () => {
  repositoryDir = await mkdtemp(path.join(tmpdir(), "wirebench-models-"));
});
afterAll(async () => {
  await rm(repositoryDir, { recursive: true });
});

type Size = { readonly widthPx: number; readonly heightPx: number };
type Outputs = Readonly<Record<string, Tensor>>;

async function run(model: Uint8Array, input: Tensor): Promise<Outputs> {
  const session = await openCpuSession(model, "model under test");
  try {
    return Object.fromEntries((await session.run([input])).map((output) => [output.name, output]));
  } finally {
    await session.release();
  }
}

/** A photo as the image tensor of a graph; for Bayer contents its mosaic. */
async function photo(file: string, content: PixelEncoding = "rgb8"): Promise<Tensor> {
  const picture = sharp(path.join(DATA, "images", file)).removeAlpha();
  const { data: rgb, info } = await picture.raw().toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  if (content === "rgb8")
    return { name: "image", datatype: "UINT8", shape: [1, height, width, 3], data: rgb };
  const data = new Uint8Array(width * height);
  for (let at = 0; at < data.length; at += 1) {
    // bayer_rggb8: red where both are even, blue where both are odd.
    data[at] = rgb[at * 3 + (Math.floor(at / width) % 2) + ((at % width) % 2)] ?? 0;
  }
  return { name: "image", datatype: "UINT8", shape: [1, height, width, 1], data };
}

async function separately(model: ModelFile, content: PixelEncoding, image: Tensor): Promise<Outputs> {
  const { recipe, signature } = model;
  if (recipe === "raw") throw new Error("the model has no recipe");
  const prepared = await run(buildPreprocessGraph(recipe, content, signature), image);
  const outputs = await run(await readFile(model.path), Object.values(prepared)[0] as Tensor);
  return run(buildPostprocessGraph(recipe, signature) as Uint8Array, Object.values(outputs)[0] as Tensor);
}

async function fused(model: ModelFile, content: PixelEncoding, image: Tensor): Promise<Outputs> {
  if (model.recipe === "raw") throw new Error("the model has no recipe");
  return run(buildPipelineGraph(await readFile(model.path), model.recipe, content), image);
}

function bestLabel(model: ModelFile, { classes }: Outputs): string | undefined {
  const best = new Int32Array(classes?.data.slice().buffer ?? new ArrayBuffer(0))[0];
  return model.labels?.[best ?? -1];
}

describe.skipIf(!HAS_DATA)("real models", () => {
  const add = async (file: string, labels?: string, size?: Size): Promise<ModelFile> => {
    const labelsFile = labels === undefined ? undefined : path.join(DATA, "labels", labels);
    return (await addModel(path.join(DATA, "models", file), { repositoryDir, labelsFile, size })).file;
  };

  it("MobileNetV2 sees an Egyptian cat", async () => {
    const model = await add("mobilenet_v2_1.0_224.qdq-u8.onnx", "imagenet_labels.txt");
    const image = await photo("cat_720p.jpg");
    const answer = await fused(model, "rgb8", image);
    expect(bestLabel(model, answer)).toBe("Egyptian cat");
    expect(answer).toEqual(await separately(model, "rgb8", image));
    expect(model).toMatchObject({ maxBatchSize: 8, recipe: { answer: "top-k" } });
  });

  it("the bird classifier sees a burrowing owl", async () => {
    const model = await add("mobilenet_v2_inat_bird.qdq-u8.onnx", "inat_bird_labels.txt");
    const image = await photo("owl.jpg");
    const answer = await fused(model, "rgb8", image);
    expect(bestLabel(model, answer)).toContain("Burrowing Owl");
    expect(answer).toEqual(await separately(model, "rgb8", image));
  });

  /** Least and most of the street photo that a class covers; the car that the camera is in counts as a car, or as nothing. */
  const cityscapes = { 0: [0.05, 0.4], 2: [0.05, 0.3], 10: [0.25, 0.5], 13: [0.1, 0.4] } as const;
  const aiedge = { 0: [0.5, 0.9], 1: [0.1, 0.4], 4: [0.005, 0.1] } as const;
  it.each([
    ["deeplabv3p-mnetedgetpu-cityscapes.f32.onnx", cityscapes, 19],
    ["deeplabv3p-mnetedgetpu-cityscapes.qdq-u8.onnx", cityscapes, 19],
    ["deeplabv3p-mnv3small-aiedge.f32.onnx", aiedge, 5],
    ["deeplabv3p-mnv3small-aiedge.qdq-u8.onnx", aiedge, 5],
  ] as const)(
    "%s sees a street, in every form of the picture and place of the work",
    async (file, shares, classes) => {
      // One of them takes the photo as large as it is.
      const size = file.includes("mnv3small-aiedge.f32") ? undefined : { widthPx: 968, heightPx: 608 };
      const model = await add(file, classes === 19 ? "cityscapes_segmentation_labels.txt" : undefined, size);
      expect(model.labels?.length).toBe(classes === 19 ? 19 : undefined);
      for (const content of ["rgb8", "bayer_rggb8"] as const) {
        const image = await photo("aiedge_IMG_0562_1936x1216.jpg", content);
        const answer = await fused(model, content, image);
        const mask = answer["mask"]?.data ?? new Uint8Array();
        expect(answer["mask"]?.shape).toEqual([1, size?.heightPx ?? 1216, size?.widthPx ?? 1936]);
        for (const [id, [least, most]] of Object.entries(shares)) {
          const share = mask.filter((value) => value === Number(id)).length / mask.length;
          expect(share).toBeGreaterThan(least);
          expect(share).toBeLessThan(most);
        }
        const apart = await separately(model, content, image);
        expect(Buffer.from(apart["mask"]?.data ?? []).equals(mask)).toBe(true);
      }
    },
  );
});

describe("the models command", () => {
  const cli = (...args: readonly string[]) =>
    promisify(execFile)(process.execPath, [
      "dist/cli/main.js",
      "models",
      ...args,
      "--repository",
      repositoryDir,
    ]);

  it("generates and lists m1-small within 120 columns", async () => {
    const generated = await cli("generate", "m1-small");
    expect(generated.stdout).toContain("generated m1-small");
    const { stdout } = await cli();
    expect(stdout).toMatch(
      /m1-small +UINT8 1x608x968x3 +UINT8 1x608x968 +1\.07 +4985 +968x608 +4,302,790 +seeded/,
    );
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(120);
  });

  it("answers a file that is no ONNX with one line and exit code 2", async () => {
    const failure = await cli("add", "package.json").catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/package\.json: not an ONNX model.*\n$/),
    });
    expect((failure as { stderr: string }).stderr.trim().split("\n")).toHaveLength(1);
  });
});
