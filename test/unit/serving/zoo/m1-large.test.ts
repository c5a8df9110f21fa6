import { describe, expect, it } from "vitest";
import { countMacs, countParameters } from "../../../../src/serving/onnx/model-cost.ts";
import { readModel } from "../../../../src/serving/onnx/model-file.ts";
import { readSignature } from "../../../../src/serving/onnx/signature.ts";
import { zooModel } from "../../../../src/serving/zoo/catalogue.ts";
import { noiseBytes, runOnce } from "../tiny-nets.ts";
import { convolutions } from "./convolutions.ts";

/** Fifteen thousand million multiplications take a while where other tests run beside them. */
const TIMEOUT_MS = 60_000;

describe("m1-large", { timeout: TIMEOUT_MS }, () => {
  const entry = zooModel("m1-large")!;
  const bytes = entry.build(1);
  const model = readModel(bytes);

  it("is what the catalogue says, half as large again as the published one", async () => {
    expect(bytes.byteLength).toBe(entry.bytes);
    expect(countParameters(model)).toBe(entry.parameters);
    expect(readSignature(model)).toEqual(entry.signature);
    expect(await countMacs(model, "input", [1, 608, 968, 3])).toBe(entry.macs);
    expect(entry.bytes / entry.publishedBytes).toBeCloseTo(1.495, 3);
  });

  it("has the gate and the two classifiers of Lite R-ASPP", () => {
    const heads = convolutions(model).slice(-4);
    expect(heads.map(({ kernel, inputs, channels }) => [kernel, inputs, channels])).toEqual([
      [1, 960, 128],
      [1, 960, 128],
      [1, 128, 20],
      [1, 24, 20],
    ]);
  });

  it("gives a mask of several classes", async () => {
    // Blocks of 64x64 pixels, each of one random colour.
    const colours = noiseBytes(10 * 16 * 3, 5);
    const data = Uint8Array.from({ length: 608 * 968 * 3 }, (_, at) => {
      const pixel = Math.floor(at / 3);
      const block = Math.floor(pixel / 968 / 64) * 16 + Math.floor((pixel % 968) / 64);
      return colours[block * 3 + (at % 3)]!;
    });
    const { ids } = await runOnce(bytes, { name: "input", datatype: "UINT8", shape: [1, 608, 968, 3], data });
    const counts = new Map<number, number>();
    for (const id of ids!.data) counts.set(id, (counts.get(id) ?? 0) + 1);
    expect([...counts.values()].filter((count) => count > 608 * 968 * 0.01).length).toBeGreaterThanOrEqual(3);
    expect(Math.max(...counts.keys())).toBeLessThan(20);
  });
});
