import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { packBytes } from "../../../src/core/tensor.ts";
import { readStamped } from "../../../src/serving/file-stamp.ts";
import { createModelRunner } from "../../../src/serving/model-runner.ts";
import { createModel, GraphBuilder } from "../../../src/serving/onnx/graph-builder.ts";
import { writeModel } from "../../../src/serving/onnx/model-file.ts";
import type { TensorWork } from "../../../src/serving/worker-protocol.ts";

it("a request with values that cannot be served fails alone, not the others of its batch", async () => {
  const dir = await mkdtemp(path.join(tmpdir(), "wirebench-runner-"));
  const file = path.join(dir, "model.onnx");
  const graph = new GraphBuilder("");
  graph.input("x", "BYTES", ["batch"]);
  graph.op("Identity", ["x"], {}, "y");
  graph.output("y", "BYTES", ["batch"]);
  await writeFile(file, writeModel(createModel(graph.graph("same"), 17)));
  const tensor = (name: string) => ({ name, datatype: "BYTES", shape: [-1] }) as const;
  const runner = await createModelRunner({
    model: {
      name: "same",
      version: "1",
      recipe: "raw",
      signature: { inputs: [tensor("x")], outputs: [tensor("y")] },
      maxBatchSize: 4,
    },
    path: file,
    stamp: (await readStamped(file)).stamp,
    settings: { device: "cpu", intraOpThreads: 1, interOpThreads: 1, allowSpinning: false },
    warmUp: [],
  });
  try {
    const work = (...bytes: number[]): TensorWork => ({
      kind: "tensors",
      inputs: [{ name: "x", datatype: "BYTES", shape: [1], data: packBytes([Uint8Array.from(bytes)]) }],
    });
    expect(await runner.run({ works: [work(97), work(0xff), work(98)] })).toMatchObject([
      { ok: true, elements: 1, outputs: [{ name: "y", data: Uint8Array.of(1, 0, 0, 0, 97) }] },
      { ok: false, status: "INVALID_ARGUMENT", message: expect.stringContaining("BYTES element 0 is not") },
      { ok: true, elements: 1, outputs: [{ name: "y", data: Uint8Array.of(1, 0, 0, 0, 98) }] },
    ]);
  } finally {
    await runner.release();
    await rm(dir, { recursive: true });
  }
});
