import { InferenceSession } from "onnxruntime-node";
import { messageOf } from "../../core/errors.ts";
import type { Tensor } from "../../core/tensor.ts";
import { EXECUTION_PROVIDERS, type ProviderName } from "../../serving/execution-provider.ts";
import { fallback } from "../../serving/node-placement.ts";
import { createModel, GraphBuilder } from "../../serving/onnx/graph-builder.ts";
import { writeModel } from "../../serving/onnx/model-file.ts";
import { runProfiled } from "../../serving/probe-placement.ts";

/**
 * The entry of the process that tries one execution provider: sends the empty text when it works, else the reason.
 * A convolution and a matrix product: on CUDA the one needs cuDNN and the other cuBLAS, which are loaded when first used.
 */
async function tryToRun(provider: ProviderName): Promise<void> {
  const graph = new GraphBuilder("trial/");
  graph.input("x", "FP32", [1, 1, 4, 4]);
  const convolved = graph.op("Conv", ["x", graph.floats(new Float32Array(9).fill(1), [1, 1, 3, 3])], {
    kernel_shape: [3, 3],
  });
  graph.op("MatMul", [convolved, graph.floats([1, 2, 3, 4], [2, 2])], {}, "y");
  graph.output("y", "FP32", [1, 1, 2, 2]);
  const model = writeModel(createModel(graph.graph("trial"), 17));
  const x: Tensor = {
    name: "x",
    datatype: "FP32",
    shape: [1, 1, 4, 4],
    data: new Uint8Array(new Float32Array(16).fill(1).buffer),
  };
  const { placement, outputs } = await runProfiled(
    async (profiling) => {
      const options = { executionProviders: [provider], ...profiling };
      return { session: await InferenceSession.create(model, options), provider };
    },
    [x],
  );
  const reason = fallback(placement, EXECUTION_PROVIDERS[provider]);
  if (reason !== undefined) throw new Error(`the tiny model: ${reason}`);
  const answer = Array.from(new Float32Array(new Uint8Array(outputs[0]?.data ?? []).buffer)).join();
  if (answer !== "36,54,36,54") throw new Error(`it computes [${answer}] where [36,54,36,54] is right`);
}

function providerNamed(name: string | undefined): ProviderName {
  if (name === "cpu" || name === "cuda" || name === "webgpu") return name;
  throw new Error(`unknown execution provider '${name}'`);
}

/** cuDNN is loaded with the first convolution only: whether it can be is asked of the dynamic linker itself. */
function nameMissing(library: string): void {
  try {
    process.dlopen({ exports: {} }, library);
  } catch (reason) {
    // What is there is refused as well, since it is no add-on of Node: that has another text.
    if (/cannot open shared object file/.test(messageOf(reason)))
      process.stderr.write(`${messageOf(reason)}\n`);
  }
}

let outcome = "";
try {
  await tryToRun(providerNamed(process.argv[2]));
} catch (reason) {
  outcome = messageOf(reason) || "unknown";
  if (process.argv[2] === "cuda") nameMissing("libcudnn.so.9");
}
process.send?.(outcome);
process.disconnect?.();
