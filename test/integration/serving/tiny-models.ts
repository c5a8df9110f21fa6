import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createModel, GraphBuilder } from "../../../dist/serving/onnx/graph-builder.js";
import { writeModel } from "../../../dist/serving/onnx/model-file.js";

/** A repository in a temporary folder with three models of a few operators. */
export interface TinyModels {
  readonly dir: string;
  remove(): void;
}

/**
 * - `double`: FP32 `x` [-1,4] → `y` = 2x, batches of up to 4 within 20 ms.
 * - `classes`: UINT8 `input` [-1,-1,-1,3] → INT64 `ids` [-1,-1,-1]: the brightest channel of each pixel; recipe `mask`.
 * - `slow`: FP32 `x` [1,1] → `y` [1,1]: matrix products that take tens of milliseconds.
 * - `broken`: no ONNX.
 */
export function writeTinyModels(): TinyModels {
  const dir = mkdtempSync(path.join(tmpdir(), "wirebench-models-"));
  const write = (name: string, model: Uint8Array, config: object): void => {
    mkdirSync(path.join(dir, name, "1"), { recursive: true });
    writeFileSync(path.join(dir, name, "1", "model.onnx"), model);
    writeFileSync(path.join(dir, name, "config.json"), JSON.stringify({ name, ...config }));
  };

  const double = new GraphBuilder("d/");
  double.input("x", "FP32", ["batch", 4]);
  double.op("Mul", ["x", double.floats([2])], {}, "y");
  double.output("y", "FP32", ["batch", 4]);
  write("double", writeModel(createModel(double.graph("double"), 17)), {
    max_batch_size: 4,
    dynamic_batching: { preferred_batch_size: [4], max_queue_delay_microseconds: 20_000 },
    wirebench: { recipe: "raw" },
  });

  const classes = new GraphBuilder("c/");
  classes.input("input", "UINT8", ["batch", "height", "width", 3]);
  const floats = classes.op("Cast", ["input"], { to: 1 });
  classes.op("ArgMax", [floats], { axis: 3, keepdims: 0 }, "ids");
  classes.output("ids", "INT64", ["batch", "height", "width"]);
  write("classes", writeModel(createModel(classes.graph("classes"), 17)), {
    max_batch_size: 0,
    wirebench: { recipe: { layout: "nhwc", answer: "mask" } },
  });

  const slow = new GraphBuilder("s/");
  slow.input("x", "FP32", [1, 1]);
  let value = slow.op("Expand", ["x", slow.ints([700, 700])]);
  const small = slow.floats([1e-3]);
  for (let at = 0; at < 8; at++) value = slow.op("Mul", [slow.op("MatMul", [value, value]), small]);
  slow.op("ReduceMean", [value], { axes: [0, 1], keepdims: 1 }, "y");
  slow.output("y", "FP32", [1, 1]);
  write("slow", writeModel(createModel(slow.graph("slow"), 17)), { wirebench: { recipe: "raw" } });

  write("broken", new TextEncoder().encode("this is no ONNX file"), {});
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}
