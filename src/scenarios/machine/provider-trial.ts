import { InferenceSession, Tensor } from "onnxruntime-node";
import { messageOf } from "../../core/errors.ts";
import { createModel, GraphBuilder } from "../../serving/onnx/graph-builder.ts";
import { writeModel } from "../../serving/onnx/model-file.ts";

/** The entry of the process that tries one execution provider: sends the empty text when it works, else the reason. */
async function tryToRun(provider: string): Promise<void> {
  const graph = new GraphBuilder("trial/");
  graph.input("x", "FP32", [2, 2]);
  graph.op("MatMul", ["x", graph.floats([1, 2, 3, 4], [2, 2])], {}, "y");
  graph.output("y", "FP32", [2, 2]);
  const model = writeModel(createModel(graph.graph("trial"), 17));
  const session = await InferenceSession.create(model, { executionProviders: [provider] });
  const { y } = await session.run({ x: new Tensor("float32", Float32Array.of(1, 0, 0, 1), [2, 2]) });
  const answer = y === undefined ? "" : Array.from(y.data, Number).join();
  await session.release();
  if (answer !== "1,2,3,4") throw new Error(`it computes [${answer}] where [1,2,3,4] is right`);
}

let outcome = "";
try {
  await tryToRun(process.argv[2] ?? "cpu");
} catch (reason) {
  outcome = messageOf(reason) || "unknown";
}
process.send?.(outcome);
process.disconnect?.();
