import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createModel, GraphBuilder } from "../../../dist/serving/onnx/graph-builder.js";
import { writeModel } from "../../../dist/serving/onnx/model-file.js";

/**
 * Writes a repository with two models.
 * - `edges`: UINT8 `input` [1,-1,-1,3] → INT64 `ids`: a convolution of four filters and the strongest of each pixel; recipe mask.
 * - `doubles`: UINT8 `x` [1,16] → FP64 `y` [1,16]: a matrix product that only the CPU has for doubles; raw.
 */
export function writeGpuModels(dir: string): void {
  const write = (name: string, model: Uint8Array, config: object): void => {
    mkdirSync(path.join(dir, name, "1"), { recursive: true });
    writeFileSync(path.join(dir, name, "1", "model.onnx"), model);
    writeFileSync(
      path.join(dir, name, "config.json"),
      JSON.stringify({ name, max_batch_size: 0, ...config }),
    );
  };
  const edges = new GraphBuilder("e/");
  edges.input("input", "UINT8", [1, "height", "width", 3]);
  const planes = edges.op("Transpose", [edges.op("Cast", ["input"], { to: 1 })], { perm: [0, 3, 1, 2] });
  const weights = Float32Array.from({ length: 4 * 27 }, (_, index) => Math.sin(index * 1.7));
  const scores = edges.op("Conv", [planes, edges.floats(weights, [4, 3, 3, 3])], {
    kernel_shape: [3, 3],
    pads: [1, 1, 1, 1],
  });
  edges.op("ArgMax", [scores], { axis: 1, keepdims: 0 }, "ids");
  edges.output("ids", "INT64", [1, "height", "width"]);
  write("edges", writeModel(createModel(edges.graph("edges"), 17)), {
    wirebench: { recipe: { layout: "nhwc", answer: "mask" } },
  });

  const doubles = new GraphBuilder("d/");
  doubles.input("x", "UINT8", [1, 16]);
  const eye = doubles.op("EyeLike", [doubles.floats(new Float32Array(256), [16, 16])], { dtype: 11 });
  doubles.op("MatMul", [doubles.op("Cast", ["x"], { to: 11 }), eye], {}, "y");
  doubles.output("y", "FP64", [1, 16]);
  write("doubles", writeModel(createModel(doubles.graph("doubles"), 17)), { wirebench: { recipe: "raw" } });
}
