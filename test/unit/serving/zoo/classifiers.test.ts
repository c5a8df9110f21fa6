import { describe, expect, it } from "vitest";
import { countMacs, countParameters } from "../../../../src/serving/onnx/model-cost.ts";
import { readModel } from "../../../../src/serving/onnx/model-file.ts";
import { readSignature } from "../../../../src/serving/onnx/signature.ts";
import { zooModel } from "../../../../src/serving/zoo/catalogue.ts";
import { MOBILENET_V3_LARGE, MOBILENET_V3_SMALL } from "../../../../src/serving/zoo/mobilenet-v3.ts";
import { noiseBytes, runOnce } from "../tiny-nets.ts";
import { convolutions } from "./convolutions.ts";

/** torchvision's counts of the trained networks, and the multiply-adds of the paper's table 3 (Small: torchvision's 0.06 G). */
const PUBLISHED = [
  { name: "mobilenetv3-small", table: MOBILENET_V3_SMALL, parameters: 2_542_856, megaMacs: 56.5 },
  { name: "mobilenetv3-large", table: MOBILENET_V3_LARGE, parameters: 5_483_032, megaMacs: 217 },
] as const;

describe.each(PUBLISHED)("$name", ({ name, table, parameters, megaMacs }) => {
  const entry = zooModel(name)!;
  const bytes = entry.build(1);
  const model = readModel(bytes);

  it("is what the catalogue says", async () => {
    expect(bytes.byteLength).toBe(entry.bytes);
    expect(countParameters(model)).toBe(entry.parameters);
    expect(readSignature(model)).toEqual(entry.signature);
    expect(await countMacs(model, "input", [1, 3, 224, 224])).toBe(entry.macs);
  });

  it("has the published parameters, to the last one, and multiply-adds", () => {
    // A published batch normalisation has two numbers a channel; folded into the convolution, a bias is left of them. Gates
    // and the two layers of the head have no normalisation.
    const gates = new Set(
      (model.graph.node ?? [])
        .filter(({ opType }) => opType === "GlobalAveragePool" || opType === "HardSigmoid")
        .flatMap(({ input, output }) => [...(input ?? []), ...(output ?? [])]),
    );
    const all = convolutions(model);
    const normalised = all
      .slice(0, -2)
      .filter(({ node }) => !gates.has(node.input![0]!) && !gates.has(node.output![0]!));
    const folded = normalised.reduce((sum, { channels }) => sum + channels, 0);
    expect(entry.parameters + folded).toBe(parameters);
    expect(entry.macs / 1e6 / megaMacs).toBeCloseTo(1, 2);
  });

  it("has the rows of the paper's table, one depthwise filter each, none of them atrous", () => {
    const depthwise = convolutions(model).filter(({ group }) => group > 1);
    expect(depthwise.map(({ kernel, channels, stride }) => [kernel, channels, stride])).toEqual(
      table.bnecks.map(([kernel, exp, , , , stride]) => [kernel, exp, stride]),
    );
    expect(convolutions(model).every(({ dilation }) => dilation === 1)).toBe(true);
    const gates = (model.graph.node ?? []).filter(({ opType }) => opType === "HardSigmoid");
    expect(gates).toHaveLength(table.bnecks.filter(([, , , se]) => se).length);
  });

  it("gives finite scores that depend on the picture, in batches as one by one", async () => {
    const size = 3 * 224 * 224;
    const noise = noiseBytes(size, 1);
    // The second picture has each number four times.
    const both = Float32Array.from({ length: 2 * size }, (_, at) => {
      return noise[at < size ? at : Math.floor((at - size) / 4)]! / 64 - 2;
    });
    const logits = async (batch: Float32Array) => {
      const shape = [batch.length / size, 3, 224, 224];
      const data = new Uint8Array(batch.slice().buffer);
      const { logits: tensor } = await runOnce(bytes, { name: "input", datatype: "FP32", shape, data });
      expect(tensor!.shape).toEqual([shape[0], 1000]);
      return new Float32Array(new Uint8Array(tensor!.data).buffer);
    };
    const together = await logits(both);
    expect(together.every(Number.isFinite)).toBe(true);
    const first = together.subarray(0, 1000);
    const second = together.subarray(1000);
    const distance = Math.hypot(...first.map((value, index) => value - second[index]!));
    expect(distance).toBeGreaterThan(0.001 * Math.hypot(...first));
    const alone = await logits(both.subarray(size));
    for (const [index, value] of alone.entries()) expect(value).toBeCloseTo(second[index]!, 4);
  });
});
