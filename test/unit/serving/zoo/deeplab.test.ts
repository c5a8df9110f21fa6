import { describe, expect, it } from "vitest";
import { buildPipelineGraph } from "../../../../src/serving/graphs/pipeline-graph.ts";
import { countMacs, countParameters } from "../../../../src/serving/onnx/model-cost.ts";
import { readModel } from "../../../../src/serving/onnx/model-file.ts";
import { readSignature } from "../../../../src/serving/onnx/signature.ts";
import { zooModel } from "../../../../src/serving/zoo/catalogue.ts";
import { MOBILENET_V3_LARGE } from "../../../../src/serving/zoo/mobilenet-v3.ts";
import { buildDeepLab, type DeepLabOptions } from "../../../../src/serving/zoo/segmentation.ts";
import { separately } from "../separate-graphs.ts";
import { noiseBytes, runOnce } from "../tiny-nets.ts";
import { convolutions } from "./convolutions.ts";

const WIDTH = 192;
const HEIGHT = 96;

/** Millions of weights are drawn for each net: it takes a second, more where other tests run beside it. */
const TIMEOUT_MS = 60_000;

const built = new Map<string, Uint8Array>();

/** The catalogue's nets for pictures small enough to be run in a unit test. */
function small(changes: Partial<Pick<DeepLabOptions, "widthPx" | "filters" | "answer">> = {}): Uint8Array {
  const options: DeepLabOptions = {
    name: "small",
    table: MOBILENET_V3_LARGE,
    widthPx: WIDTH,
    heightPx: HEIGHT,
    classes: 20,
    filters: 256,
    answer: "ids",
    seed: 1,
    ...changes,
  };
  const key = JSON.stringify(options);
  const bytes = built.get(key) ?? buildDeepLab(options);
  built.set(key, bytes);
  return bytes;
}

/** Blocks of 16x16 pixels, each of one random colour. */
function blocks(): Uint8Array {
  const across = WIDTH / 16;
  const colours = noiseBytes(across * (HEIGHT / 16) * 3, 5);
  return Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, at) => {
    const pixel = Math.floor(at / 3);
    const block = Math.floor(pixel / WIDTH / 16) * across + Math.floor((pixel % WIDTH) / 16);
    return colours[block * 3 + (at % 3)]!;
  });
}

function picture() {
  const data = new Uint8Array(Float32Array.from(blocks(), (byte) => byte / 255).buffer);
  return { name: "input", datatype: "FP32", shape: [1, HEIGHT, WIDTH, 3], data } as const;
}

/** Every multiplication is per pixel or per picture, so two sizes give those of any other whose sides divide by 8. */
async function macsAt(filters: number, pixels: number): Promise<number> {
  const count = (widthPx: number) =>
    countMacs(readModel(small({ filters, widthPx })), "input", [1, HEIGHT, widthPx, 3]);
  const [once, twice] = [await count(WIDTH), await count(2 * WIDTH)];
  return once + ((twice - once) / (WIDTH * HEIGHT)) * (pixels - WIDTH * HEIGHT);
}

describe.each([
  { name: "m2", filters: 256 },
  { name: "m2-logits", filters: 256 },
  { name: "m3", filters: 128 },
])("$name", { timeout: TIMEOUT_MS }, ({ name, filters }) => {
  const entry = zooModel(name)!;

  it("is what the catalogue says, within 6 % of the published size", async () => {
    const bytes = entry.build(1);
    const model = readModel(bytes);
    expect(bytes.byteLength).toBe(entry.bytes);
    expect(countParameters(model)).toBe(entry.parameters);
    expect(readSignature(model)).toEqual(entry.signature);
    expect(await macsAt(filters, 2048 * 1024)).toBe(entry.macs);
    expect(Math.abs(entry.bytes / entry.publishedBytes - 1)).toBeLessThan(0.06);
  });

  it("has the paper's pyramid and decoder", () => {
    const heads = convolutions(readModel(small({ filters }))).slice(-10);
    expect(
      heads.map(({ kernel, inputs, channels, dilation }) => [kernel, inputs, channels, dilation]),
    ).toEqual([
      [1, 960, filters, 1],
      [3, 960, filters, 12],
      [3, 960, filters, 24],
      [3, 960, filters, 36],
      [1, 960, filters, 1],
      [1, 5 * filters, filters, 1],
      [1, 24, 48, 1],
      [3, filters + 48, filters, 1],
      [3, filters, filters, 1],
      [1, filters, 20, 1],
    ]);
    expect(heads.every(({ stride, group }) => stride === 1 && group === 1)).toBe(true);
  });
});

describe("MobileNetV3-Large at output stride 8", { timeout: TIMEOUT_MS }, () => {
  it("halves three times and then looks further", () => {
    const all = convolutions(readModel(small()));
    expect(all.filter(({ stride }) => stride === 2)).toHaveLength(3);
    const depthwise = all.filter(({ group }) => group > 1);
    expect(depthwise.map(({ kernel }) => kernel)).toEqual([3, 3, 3, 5, 5, 5, 3, 3, 3, 3, 3, 3, 5, 5, 5]);
    expect(depthwise.map(({ dilation }) => dilation)).toEqual([1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 4, 4]);
  });
});

describe("a small DeepLabv3+", { timeout: TIMEOUT_MS }, () => {
  const argmax = (logits: Float32Array, pixels: number) =>
    Uint8Array.from({ length: pixels }, (_, pixel) => {
      let best = 0;
      for (let id = 1; id < 20; id += 1) {
        if (logits[id * pixels + pixel]! > logits[best * pixels + pixel]!) best = id;
      }
      return best;
    });

  it.each([256, 128])(
    "%i wide: finite logits, a mask of several classes that is their best",
    async (filters) => {
      const { logits } = await runOnce(small({ filters, answer: "logits" }), picture());
      expect(logits!.shape).toEqual([1, 20, HEIGHT, WIDTH]);
      const scores = new Float32Array(new Uint8Array(logits!.data).buffer);
      expect(scores.every((score) => Math.abs(score) < 1000)).toBe(true);
      const { ids } = await runOnce(small({ filters }), picture());
      expect(ids!.shape).toEqual([1, HEIGHT, WIDTH]);
      expect(Buffer.from(ids!.data).equals(argmax(scores, WIDTH * HEIGHT))).toBe(true);
      const counts = new Map<number, number>();
      for (const id of ids!.data) counts.set(id, (counts.get(id) ?? 0) + 1);
      const common = [...counts.values()].filter((count) => count > WIDTH * HEIGHT * 0.01);
      expect(common.length).toBeGreaterThanOrEqual(3);
    },
  );

  it.each(["ids", "logits"] as const)(
    "gives the same mask fused and as three graphs (%s)",
    async (answer) => {
      const { recipe } = zooModel(answer === "ids" ? "m2" : "m2-logits")!;
      const sized = { ...recipe, size: { widthPx: WIDTH, heightPx: HEIGHT } };
      const net = small({ answer });
      const own = { name: "image", datatype: "UINT8", shape: [1, HEIGHT, WIDTH, 3], data: blocks() } as const;
      const odd = { ...own, shape: [1, 111, 203, 1], data: noiseBytes(111 * 203, 9) };
      for (const [content, image] of [
        ["rgb8", own],
        ["bayer_rggb8", odd],
      ] as const) {
        const fused = await runOnce(buildPipelineGraph(net, sized, content), image);
        expect(fused["mask"]!.shape).toEqual([1, HEIGHT, WIDTH]);
        expect(fused).toEqual(await separately(net, sized, content, image));
      }
    },
  );
});
