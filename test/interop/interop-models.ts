import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createModel, GraphBuilder } from "../../dist/serving/onnx/graph-builder.js";
import { writeModel } from "../../dist/serving/onnx/model-file.js";

/** A repository in a temporary folder. */
export interface InteropModels {
  readonly dir: string;
  remove(): Promise<void>;
}

/**
 * - `half`: FP16 `x` [-1] → `y` = x + x.
 * - `text`: BYTES `x` [-1] → `y` = x.
 * - `scores`: FP32 `x` [-1,4] → `y` = x, with the labels road, person, car, sky.
 * - `times`: FP32 `x` [-1] → `y`, twice `x` in version 1, three times `x` in version 2; both are served. Its configuration
 *   is Triton's `config.pbtxt`.
 */
export async function writeInteropModels(): Promise<InteropModels> {
  const dir = await mkdtemp(join(tmpdir(), "wirebench-interop-"));
  const write = async (name: string, version: number, model: Uint8Array): Promise<void> => {
    await mkdir(join(dir, name, String(version)), { recursive: true });
    await writeFile(join(dir, name, String(version), "model.onnx"), model);
  };
  const config = (name: string, more: object = {}): Promise<void> =>
    writeFile(
      join(dir, name, "config.json"),
      JSON.stringify({ name, max_batch_size: 0, wirebench: { recipe: "raw" }, ...more }),
    );

  await write(
    "half",
    1,
    binaryModel("half", "FP16", ["n"], (graph) => graph.op("Add", ["x", "x"], {}, "y")),
  );
  await config("half");
  await write(
    "text",
    1,
    binaryModel("text", "BYTES", ["n"], (graph) => graph.op("Identity", ["x"], {}, "y")),
  );
  await config("text");
  await write(
    "scores",
    1,
    binaryModel("scores", "FP32", ["n", 4], (graph) => graph.op("Identity", ["x"], {}, "y")),
  );
  await writeFile(join(dir, "scores", "labels.txt"), "road\nperson\ncar\nsky\n");
  const scored = { name: "y", data_type: "TYPE_FP32", dims: [-1, 4], label_filename: "labels.txt" };
  await config("scores", { output: [scored] });
  for (const [version, factor] of [
    [1, 2],
    [2, 3],
  ] as const) {
    const model = binaryModel("times", "FP32", ["n"], (graph) =>
      graph.op("Mul", ["x", graph.floats([factor])], {}, "y"),
    );
    await write("times", version, model);
  }
  await writeFile(
    join(dir, "times", "config.pbtxt"),
    `name: "times"
platform: "onnxruntime_onnx"
max_batch_size: 0
input [{ name: "x" data_type: TYPE_FP32 dims: [ -1 ] }]
output [{ name: "y" data_type: TYPE_FP32 dims: [ -1 ] }]
version_policy: { all: {} }
`,
  );
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) };
}

/** A model from `x` to `y`, both of one datatype and shape. */
function binaryModel(
  name: string,
  datatype: "FP16" | "FP32" | "BYTES",
  shape: readonly (string | number)[],
  build: (graph: GraphBuilder) => void,
): Uint8Array {
  const graph = new GraphBuilder(`${name}/`);
  graph.input("x", datatype, shape);
  build(graph);
  graph.output("y", datatype, shape);
  return writeModel(createModel(graph.graph(name), 17));
}
