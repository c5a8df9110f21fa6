import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createModel, GraphBuilder } from "../../dist/serving/onnx/graph-builder.js";
import { writeModel } from "../../dist/serving/onnx/model-file.js";
import { type TinyModels, writeTinyModels } from "./serving/tiny-models.ts";
import { ROOT, run, start, temporaryFolder } from "./wirebench.ts";

const DATA = join(ROOT, "../shared/data");
const REAL_PHOTO = join(DATA, "images/aiedge_IMG_0562_1936x1216.jpg");

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let models: TinyModels;
const path = (name: string): string => join(folder.path, name);

/** Mean of each channel as scores: which colour a picture has most of. */
function writeColourNet(dir: string): void {
  const graph = new GraphBuilder("m/");
  graph.input("input", "UINT8", [1, "height", "width", 3]);
  const floats = graph.op("Cast", ["input"], { to: 1 });
  graph.op("ReduceMean", [floats], { axes: [1, 2], keepdims: 0 }, "scores_out");
  graph.output("scores_out", "FP32", [1, 3]);
  mkdirSync(join(dir, "colour/1"), { recursive: true });
  writeFileSync(join(dir, "colour/1/model.onnx"), writeModel(createModel(graph.graph("colour"), 17)));
  const wirebench = {
    recipe: { layout: "nhwc", answer: "top-k", topK: 2 },
    labels: ["red", "green", "blue"],
  };
  writeFileSync(join(dir, "colour/config.json"), JSON.stringify({ name: "colour", wirebench }));
}

beforeAll(async () => {
  folder = await temporaryFolder();
  models = writeTinyModels();
  writeColourNet(models.dir);
  // Left half green, right half blue: the ids of `classes` are 1 and 2.
  const rgb = Buffer.alloc(16 * 8 * 3);
  for (let at = 0; at < 16 * 8; at++) rgb[at * 3 + (at % 16 < 8 ? 1 : 2)] = at % 16 < 8 ? 250 : 200;
  await sharp(rgb, { raw: { width: 16, height: 8, channels: 3 } })
    .png()
    .toFile(path("halves.png"));
  writeFileSync(
    path("palette.xml"),
    '<IKALabelDefinition><SLabel Name="a" toValue="1" fromColour="10 20 30"/></IKALabelDefinition>',
  );
  writeFileSync(path("broken.xml"), "<IKALabelDefinition>");
  writeFileSync(path("text.txt"), "no picture");
});
afterAll(async () => {
  models.remove();
  await folder.remove();
});

const infer = (...args: readonly string[]) => run(["infer", "--repository", models.dir, ...args]);

async function picture(
  file: string,
): Promise<{ readonly size: string; readonly at: (x: number, y: number) => number[] }> {
  const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number): number[] => [
    ...data.subarray((y * info.width + x) * info.channels).subarray(0, 3),
  ];
  return { size: `${info.width}x${info.height}`, at };
}

describe("infer", () => {
  it("writes a mask, its colours and an overlay, and prints each stage's time", async () => {
    const out = path("masks/deep");
    const ended = await infer(
      "--model",
      "classes",
      "--input",
      path("halves.png"),
      "--palette",
      path("palette.xml"),
      "--out",
      out,
    );
    expect(ended.code, ended.stderr).toBe(0);
    expect(readdirSync(out).sort()).toEqual(
      ["colours", "mask", "overlay"].map((what) => `halves-classes-0000-${what}.png`),
    );
    const [mask, colours, overlay] = await Promise.all(
      ["mask", "colours", "overlay"].map((what) => picture(join(out, `halves-classes-0000-${what}.png`))),
    );
    expect([mask?.size, mask?.at(0, 0), mask?.at(15, 7)]).toEqual(["16x8", [1, 1, 1], [2, 2, 2]]);
    expect([colours?.at(7, 3), colours?.at(8, 3)]).toEqual([
      [10, 20, 30],
      [0, 0, 0],
    ]);
    expect([overlay?.at(0, 0), overlay?.at(15, 7)]).toEqual([
      [5, 135, 15],
      [0, 0, 200],
    ]);
    expect(ended.stdout).toMatch(
      /^frame 0: [\d.]+ ms \(retrieve [\d.]+, decode [\d.]+, queue [\d.]+, infer [\d.]+\)$/m,
    );
    expect(ended.stdout).toContain("mask 16x8: class 1 50.0 %, class 2 50.0 %");
    expect(ended.stderr).toMatch(/2 colours, the model 3 classes/);
  });

  it("writes the best classes as text, with their labels", async () => {
    const out = path("ranks");
    const ended = await infer("--model", "colour", "--input", path("halves.png"), "--out", out);
    expect(ended.code, ended.stderr).toBe(0);
    const text = readFileSync(join(out, "halves-colour-0000-answer.txt"), "utf8");
    expect(text).toBe("1  125.0000  1  green\n2  100.0000  2  blue\n");
    for (const line of text.trim().split("\n")) expect(ended.stdout).toContain(line);
  });

  it("takes several frames of a bag as they were recorded, or resized", async () => {
    const bag = join(ROOT, "rosbag-samples/street.bag");
    const ended = await infer("--model", "classes", "--input", bag, "--frames", "2", "--out", path("bag"));
    expect(ended.code, ended.stderr).toBe(0);
    expect(readdirSync(path("bag"))).toHaveLength(6);
    expect((await picture(path("bag/street-classes-0001-mask.png"))).size).toBe("968x608");
    const small = await infer(
      "--model",
      "classes",
      "--input",
      bag,
      "--size",
      "48x32",
      "--out",
      path("small"),
    );
    expect(small.code, small.stderr).toBe(0);
    expect((await picture(path("small/street-classes-0000-overlay.png"))).size).toBe("48x32");
  });

  it("describes the tensors of a model without a recipe", async () => {
    const ended = await infer("--model", "identity", "--input", "synthetic", "--out", path("raw"));
    expect(ended.code, ended.stderr).toBe(0);
    expect(readFileSync(path("raw/synthetic-identity-0000-answer.txt"), "utf8")).toMatch(
      /^output {2}UINT8 \[1024\] {2}1024 bytes {2}from \d+ to \d+\n$/,
    );
  });

  const cases: readonly (readonly [what: string, args: () => readonly string[], says: RegExp])[] = [
    ["an unknown model", () => ["--model", "clases"], /unknown model 'clases'.*classes/],
    ["a broken model", () => ["--model", "broken"], /broken/],
    ["a missing input", () => ["--input", path("none.png")], /none\.png: there is no such file/],
    ["an input that is no picture", () => ["--input", path("text.txt")], /text\.txt/],
    ["a topic of a picture", () => ["--topic", "/a"], /has no topics/],
    ["a frame that does not fit a raw model", () => ["--model", "double"], /cannot be the input 'x'/],
    [
      "a palette that is none",
      () => ["--palette", "citiscapes"],
      /expected cityscapes, aiedge or an XML file/,
    ],
    [
      "a broken palette",
      () => ["--palette", path("broken.xml")],
      /broken\.xml: line 1: .*the end of the file/,
    ],
    ["a GPU that is not there", () => ["--device", "gpu"], /gpu/i],
    ["a wrong size", () => ["--size", "48"], /Expected WIDTHxHEIGHT/],
  ];
  it.each(cases)("%s is one clear line, exit code 2, and leaves nothing", async (what, args, says) => {
    // Of an option that is given twice the later one counts.
    const ended = await infer(
      "--model",
      "classes",
      "--input",
      path("halves.png"),
      "--out",
      path("no/where"),
      ...args(),
    );
    if (what === "a GPU that is not there" && ended.code === 0) return;
    expect(ended.code, ended.stderr).toBe(2);
    const lines = ended.stderr.split("\n").filter((line) => line.startsWith("wirebench: "));
    expect(lines.join("\n")).toMatch(says);
    expect(lines).toHaveLength(1);
    expect(existsSync(path("no"))).toBe(false);
  });

  it("leaves nothing when it is interrupted", async () => {
    const bag = join(ROOT, "rosbag-samples/street.bag");
    const args = ["--model", "classes", "--input", bag, "--frames", "12", "--out", path("interrupted")];
    const running = start(["infer", "--repository", models.dir, ...args]);
    await running.wrote("frame 0:");
    running.child.kill("SIGINT");
    const ended = await running.ended;
    expect(ended.code).toBe(130);
    expect(ended.stderr).toBe("interrupted: nothing was written\n");
    expect(existsSync(path("interrupted"))).toBe(false);
  });

  it("clears away what a killed one has left", async () => {
    const bag = join(ROOT, "rosbag-samples/street.bag");
    const out = path("killed");
    const args = ["--model", "classes", "--repository", models.dir, "--input", bag, "--out", out];
    const running = start(["infer", ...args, "--frames", "12"]);
    await running.wrote("frame 0:");
    running.child.kill("SIGKILL");
    await running.ended;
    expect(readdirSync(out)).toEqual([expect.stringMatching(/^\.wirebench-/)]);
    const ended = await run(["infer", ...args]);
    expect(ended.code, ended.stderr).toBe(0);
    expect(readdirSync(out).sort()).toEqual(
      ["colours", "mask", "overlay"].map((what) => `street-classes-0000-${what}.png`),
    );
  });

  it("says that the folder cannot be made", async () => {
    const ended = await infer("--model", "classes", "--input", path("halves.png"), "--out", path("text.txt"));
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/^wirebench: .*text\.txt: cannot be written.*\n$/);
  });
});

describe.skipIf(!existsSync(REAL_PHOTO))("infer with real networks (skipped without ../shared/data)", () => {
  it("sees sky above, cars in the middle and road below on the street photo", async () => {
    const labels = join(DATA, "labels/cityscapes_segmentation_labels.txt");
    const onnx = join(DATA, "models/deeplabv3p-mnetedgetpu-cityscapes.f32.onnx");
    const added = await run([
      "models",
      "add",
      onnx,
      "--name",
      "city",
      "--labels",
      labels,
      "--repository",
      models.dir,
    ]);
    expect(added.code, added.stderr).toBe(0);
    const ended = await infer(
      "--model",
      "city",
      "--input",
      REAL_PHOTO,
      "--size",
      "968x608",
      "--out",
      path("city"),
    );
    expect(ended.code, ended.stderr).toBe(0);
    const mask = await picture(path("city/aiedge_IMG_0562_1936x1216-city-0000-mask.png"));
    const [sky, car, road] = [mask.at(120, 60)[0], mask.at(260, 350)[0], mask.at(121, 387)[0]];
    expect({ sky, car, road }).toEqual({ sky: 10, car: 13, road: 0 });
    expect(ended.stdout).toMatch(/mask 968x608: sky 3\d\.\d %/);
  });

  it("knows the owl", async () => {
    const onnx = join(DATA, "models/mobilenet_v2_inat_bird.qdq-u8.onnx");
    const labels = join(DATA, "labels/inat_bird_labels.txt");
    const added = await run([
      "models",
      "add",
      onnx,
      "--name",
      "birds",
      "--labels",
      labels,
      "--repository",
      models.dir,
    ]);
    expect(added.code, added.stderr).toBe(0);
    const owl = join(DATA, "images/owl.jpg");
    const ended = await infer("--model", "birds", "--input", owl, "--out", path("owl"));
    expect(ended.stdout).toMatch(/1 {2}0\.9\d+ +189 {2}Athene cunicularia \(Burrowing Owl\)/);
  });
});
